"""Makes `engine_tasks` importable here and, through the parent's sys.path, in the workers."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
