#!/usr/bin/env bash
# Makes the bench-only environment: bench/.venv (Python peers) and bench/peers/node_modules (the JavaScript peer).
# Run again at will: what is there and matches is kept. Needs Python >= 3.12 (name another with PYTHON=...) and 7 GB of disk,
# most of it the CUDA files that the ordinary PyTorch wheel depends on and cannot be imported without.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=$here/../.venv

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3.13 python3.12 python3 "$HOME"/.pyenv/versions/3.1[23]*/bin/python; do
    if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(not (3, 12) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo 'no Python 3.12 or 3.13 found (name one: PYTHON=/path/to/python npm run bench:setup)' >&2
  exit 1
}

stamp=$venv/.requirements
wanted=$(cat "$here/requirements.txt" "$here/constraints.txt" | cksum)
if [ ! -x "$venv/bin/python" ] || [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
  [ -x "$venv/bin/python" ] || "$(find_python)" -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" -c "$here/constraints.txt"
  echo "$wanted" > "$stamp"
fi

mkdir -p "$here/.cache"
"$venv/bin/python" "$here/gemm_model.py" "$here/.cache/gemms.onnx"
[ -d "$here/node_modules/@jax-js/jax" ] || (cd "$here" && npm ci --silent)
echo "peers ready: $venv"
