"""Processor time of importing torch, and of a peer after it, in a fresh process:
`python -m benchmarks.import_time "import peer" result.json`."""

import sys
import time

start = time.process_time()
import torch  # noqa: E402, F401

middle = time.process_time()

import json  # noqa: E402
from pathlib import Path  # noqa: E402

from benchmarks.shims import mend_torchvision  # noqa: E402

mend_torchvision()
before = time.process_time()
exec(sys.argv[1])
end = time.process_time()
Path(sys.argv[2]).write_text(json.dumps({"torch": middle - start, "beyond": end - before}))
