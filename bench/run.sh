#!/bin/sh
# Prints what working with Formwork takes, from a debug build as users have it:
#   seconds from an edited line of a stack to its finished preview, against the running emulator (the memory there is the compiler's);
#   seconds and resident memory of `up` and `destroy` of the whole of prod;
#   the engine alone, with thousands of resources in an account in memory;
#   the calls of a preview of six hundred resources, on a LocalStack of its own.
# Everything stays on this machine: --local, in a folder of its own that is removed at the end.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
mkdir "$work/stacks"
cp "$root/stacks/prod.toml" "$work/stacks/"
cd "$work"

# One after the other: built together they would share features, and the edited stack be measured with a first build.
for package in bench stacks; do
    cargo build -q --manifest-path "$root/Cargo.toml" -p "$package"
done
target=$(cargo metadata -q --no-deps --format-version 1 --manifest-path "$root/Cargo.toml" |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
stacks="$target/debug/stacks"
trap '"$stacks" local stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT INT TERM

# The binary, its arguments: seconds, most resident megabytes, exit code.
measured() {
    name=$1
    shift
    python3 - "$name" "$@" <<'PY'
import resource, subprocess, sys, time
began = time.monotonic()
code = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL).returncode
took = time.monotonic() - began
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"{sys.argv[1]:<28} {took:6.1f} s   {most:5.0f} MB   exit code {code}")
sys.exit(code)
PY
}

"$stacks" local start >/dev/null
echo "prod, on LocalStack, debug build, $(nproc) cores"
measured "preview, empty account" "$stacks" preview prod --local
measured "up" "$stacks" up prod --local --yes
measured "up again" "$stacks" up prod --local --yes
measured "preview" "$stacks" preview prod --local

# A line of the stack is edited: build and preview, as `cargo run` does it.
touch "$root/stacks/src/prod.rs"
measured "edited line to preview" sh -c "cargo build -q --manifest-path '$root/Cargo.toml' -p stacks && '$stacks' preview prod --local"
measured "destroy" "$stacks" destroy prod --local --yes

echo
"$target/debug/bench" 1000 5000
echo
"$target/debug/bench" reads
