# The checks and tests of an ordinary change, and more where the tools are installed. `.ci/run` is all that CI runs.
check: fmt clippy test docs no-window extras

fmt:
    cargo fmt --check

clippy:
    cargo clippy --all-targets -- -D warnings

test:
    cargo test

docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

# The library and the command line alone.
no-window:
    cargo clippy --no-default-features -- -D warnings

# Licences, duplicate crates, what desktops read, and spelling.
extras:
    if command -v cargo-deny >/dev/null; then cargo deny check bans licenses sources; else echo "cargo-deny is not installed: skipped"; fi
    if command -v desktop-file-validate >/dev/null; then desktop-file-validate assets/*.desktop; else echo "desktop-file-validate is not installed: skipped"; fi
    if command -v appstreamcli >/dev/null; then appstreamcli validate --no-net assets/*.metainfo.xml; else echo "appstreamcli is not installed: skipped"; fi
    if command -v typos >/dev/null; then typos; else echo "typos is not installed: skipped"; fi
