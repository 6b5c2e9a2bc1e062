//! What a process gives up before it decodes, on Linux: all files but one, the network, other programs, and memory without end. Each
//! part is given up as far as the system can; decoding goes on without those it lacks.

use crate::picture::decoded_limit;
use landlock::{
    ABI, Access, AccessFs, AccessNet, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    RulesetStatus, Scope,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};
use std::path::Path;

/// The calls that computing, threads, memory and the open file need. All others fail as if they were not permitted.
const CALLS: &[libc::c_long] = &[
    libc::SYS_brk,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_clone3,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fcntl,
    libc::SYS_fstat,
    libc::SYS_futex,
    libc::SYS_getcpu,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_newfstatat,
    libc::SYS_ppoll,
    libc::SYS_prctl,
    libc::SYS_pread64,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_sigaltstack,
    libc::SYS_statx,
    libc::SYS_uname,
    libc::SYS_write,
    libc::SYS_writev,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
];

/// A condition on an argument of a call: its place, the bits that count, and what they are.
type Condition = (u8, u64, u64);

/// Calls that are allowed where an argument is as it should be: files are opened for reading alone, what is started are threads,
/// and signals and limits are for this process.
fn conditional_calls() -> Vec<(libc::c_long, Condition)> {
    const CHANGES: u64 = (libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC) as u64;
    const ALL: u64 = u32::MAX as u64;
    let thread = libc::CLONE_THREAD as u64;
    vec![
        (libc::SYS_openat, (2, CHANGES, libc::O_RDONLY as u64)),
        #[cfg(target_arch = "x86_64")]
        (libc::SYS_open, (1, CHANGES, libc::O_RDONLY as u64)),
        (libc::SYS_clone, (0, thread, thread)),
        (libc::SYS_prlimit64, (0, ALL, 0)),
        (libc::SYS_tgkill, (0, ALL, u64::from(std::process::id()))),
    ]
}

/// What decoders may take, in pictures of the largest size that is allowed, and beside that.
const PICTURES: u64 = 3;
const BESIDE_BYTES: u64 = 8 << 30;

/// Gives up, of this thread and all that it starts, everything but reading `file` and computing.
pub(super) fn confine(file: &Path) {
    limit();
    let _ = keep_file(file);
    let _ = filter_calls();
}

/// Addresses (threads' stacks and what the allocator reserves are among them), files, dumps of its memory; and where memory is
/// short this is what the system ends first.
fn limit() {
    let most = decoded_limit().unwrap_or_default().saturating_mul(PICTURES).saturating_add(BESIDE_BYTES);
    for (resource, most) in [(Resource::As, most), (Resource::Fsize, 0), (Resource::Core, 0)] {
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    }
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}

/// Landlock: no file but this one, which may be read, no network, no other process.
fn keep_file(file: &Path) -> Result<RulesetStatus, RulesetError> {
    let abi = ABI::V6;
    let rules = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?;
    let rules = match PathFd::new(file) {
        Ok(file) => rules.add_rule(PathBeneath::new(file, AccessFs::ReadFile))?,
        // A file that is not there cannot be read.
        Err(_) => rules,
    };
    rules.restrict_self().map(|restricted| restricted.ruleset)
}

/// Seccomp: [`CALLS`] and [`conditional_calls`]. What `clone3` starts cannot be seen, so it is not there, and `clone` is used.
fn filter_calls() -> Result<(), seccompiler::Error> {
    let not_there = SeccompAction::Errno(libc::ENOSYS as u32);
    let without_clone3 = program(vec![(libc::SYS_clone3, Vec::new())], SeccompAction::Allow, not_there)?;
    let not_permitted = SeccompAction::Errno(libc::EPERM as u32);
    let allowed = program(allowed_calls()?, not_permitted, SeccompAction::Allow)?;
    // After the second nothing can be forbidden any more.
    apply_filter(&without_clone3)?;
    apply_filter(&allowed)
}

type Rules = Vec<(libc::c_long, Vec<SeccompRule>)>;

fn allowed_calls() -> Result<Rules, BackendError> {
    let mut rules: Rules = CALLS.iter().map(|call| (*call, Vec::new())).collect();
    for (call, (place, bits, value)) in conditional_calls() {
        let is = SeccompCmpOp::MaskedEq(bits);
        let condition = SeccompCondition::new(place, SeccompCmpArgLen::Dword, is, value)?;
        rules.push((call, vec![SeccompRule::new(vec![condition])?]));
    }
    Ok(rules)
}

fn program(rules: Rules, others: SeccompAction, these: SeccompAction) -> Result<BpfProgram, BackendError> {
    SeccompFilter::new(rules.into_iter().collect(), others, these, std::env::consts::ARCH.try_into()?)?.try_into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Worker;
    use std::fs::{File, read, write};
    use std::io::Write;
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::process::Command;
    use std::sync::mpsc::sync_channel;

    const IN_CHILD: &str = "ZOOMFIELD_TEST_CONFINES";

    fn in_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
        let (result, results) = sync_channel(1);
        let worker = Worker::spawn("test", move || result.send(work()).unwrap());
        drop(worker.unwrap());
        results.recv().unwrap()
    }

    /// What must not be possible, and is for a process that is not confined.
    fn misdeeds(file: &Path, listener: &str) -> Vec<(&'static str, bool)> {
        let other = file.with_extension("other");
        vec![
            ("reads another file", read(&other).is_ok()),
            ("lists a folder", std::fs::read_dir(file.parent().unwrap()).is_ok()),
            ("writes its file", File::options().write(true).open(file).is_ok()),
            ("makes a file", write(file.with_extension("new"), b"new").is_ok()),
            ("deletes a file", std::fs::remove_file(file.with_extension("old")).is_ok()),
            ("connects", TcpStream::connect(listener).is_ok()),
            ("has a socket", UdpSocket::bind("127.0.0.1:0").is_ok()),
            ("runs a program", Command::new("/bin/true").status().is_ok()),
        ]
    }

    #[test]
    fn a_confined_process_reads_its_file_and_does_nothing_else() {
        if let Some(file) = std::env::var_os(IN_CHILD) {
            let (file, listener) = (Path::new(&file), std::env::var("LISTENER").unwrap());
            if std::env::var_os("CONFINED").is_some() {
                confine(file);
            }
            let done = misdeeds(file, &listener);
            // Threads that it starts are confined too, and decoders start some.
            let path = file.to_owned();
            let whole = in_a_thread(move || read(path).unwrap());
            assert_eq!(whole, b"picture");
            let is_limited = Vec::<u8>::new().try_reserve_exact(1 << 40).is_err();
            writeln!(std::io::stdout(), "misdeeds: {done:?} {is_limited}").unwrap();
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.png");
        for (ending, content) in [("png", "picture"), ("other", "secret"), ("old", "old")] {
            write(file.with_extension(ending), content).unwrap();
        }
        let (listener, path) = (TcpListener::bind("127.0.0.1:0").unwrap(), file.clone());
        if in_a_thread(move || keep_file(&path).unwrap()) == RulesetStatus::NotEnforced {
            writeln!(std::io::stdout(), "SKIPPED: this system has no Landlock").unwrap();
            return;
        }
        let name = "picture::apart::confine::tests::a_confined_process_reads_its_file_and_does_nothing_else";
        let child = || {
            let mut child = Command::new(std::env::current_exe().unwrap());
            child.args(["--exact", name, "--nocapture"]).env(IN_CHILD, &file);
            child.env("LISTENER", listener.local_addr().unwrap().to_string());
            child
        };
        let said = |mut command: Command| {
            let output = command.output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{said} {}", String::from_utf8_lossy(&output.stderr));
            said.lines().find_map(|line| line.split_once("misdeeds: ")).unwrap().1.to_owned()
        };
        let mut confined = child();
        confined.env("CONFINED", "1");
        let confined = said(confined);
        assert!(!confined.contains("true)") && confined.ends_with("true"), "{confined}");
        let free = said(child());
        assert!(!free.contains("false)"), "the comparison is with what is possible: {free}");
    }
}
