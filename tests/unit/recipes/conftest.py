import sys
from pathlib import Path

# Tests of several areas share the slow twins and the strategies.
sys.path.append(str(Path(__file__).parents[1] / "text"))
sys.path.append(str(Path(__file__).parent))
