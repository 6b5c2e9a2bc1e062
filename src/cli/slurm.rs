//! The share of a task in a Slurm array, as its environment tells it.

use crate::error::{Error, Result};
use crate::export::batch::Shard;

/// This task's share, if this is a task of an array.
///
/// # Errors
/// [`Error::Request`] if the array's numbers are not evenly spaced, so that nobody could tell whose turn it is.
pub(super) fn share() -> Result<Option<Shard>> {
    share_of(&|name| std::env::var(name).ok()?.parse().ok())
}

fn share_of(number: &dyn Fn(&str) -> Option<usize>) -> Result<Option<Shard>> {
    let get = |name: &str| number(&format!("SLURM_ARRAY_TASK_{name}"));
    let (Some(id), Some(count)) = (get("ID"), get("COUNT")) else { return Ok(None) };
    let (least, step) = (get("MIN").unwrap_or(0), get("STEP").unwrap_or(1).max(1));
    let most = get("MAX").unwrap_or(least + step * count.saturating_sub(1));
    let offset = id.checked_sub(least).filter(|offset| offset.is_multiple_of(step));
    let is_even = count > 0 && most == least + step * (count - 1);
    let share = offset.filter(|_| is_even).and_then(|offset| Shard::new(offset / step, count));
    let uneven =
        "the numbers of this Slurm array are not evenly spaced; say which share this task does with --shard I/N";
    share.map(Some).ok_or_else(|| Error::Request(uneven.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share_with(variables: &[(&str, usize)]) -> Result<Option<Shard>> {
        let get = |name: &str| {
            let name = name.strip_prefix("SLURM_ARRAY_TASK_")?;
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
        };
        share_of(&get)
    }

    #[test]
    fn tasks_of_an_array_have_their_shares() {
        let share = |variables: &[(&str, usize)]| share_with(variables).unwrap();
        assert_eq!(share(&[]), None);
        assert_eq!(share(&[("ID", 0), ("COUNT", 2), ("MIN", 0), ("MAX", 1), ("STEP", 1)]), Shard::new(0, 2));
        assert_eq!(share(&[("ID", 9), ("COUNT", 3), ("MIN", 5), ("MAX", 9), ("STEP", 2)]), Shard::new(2, 3));
        assert_eq!(share(&[("ID", 4), ("COUNT", 1), ("MIN", 4), ("MAX", 4)]), Some(Shard::WHOLE));
        assert_eq!(share(&[("ID", 3), ("COUNT", 4), ("MIN", 1)]), Shard::new(2, 4));
        for uneven in [
            [("ID", 3), ("COUNT", 2), ("MIN", 1), ("MAX", 3), ("STEP", 1)],
            [("ID", 2), ("COUNT", 3), ("MIN", 1), ("MAX", 9), ("STEP", 1)],
            [("ID", 0), ("COUNT", 2), ("MIN", 1), ("MAX", 2), ("STEP", 1)],
        ] {
            assert!(share_with(&uneven).unwrap_err().to_string().contains("--shard"));
        }
    }
}
