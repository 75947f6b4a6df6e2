import sys
from pathlib import Path

# The slow twins of this area.
sys.path.append(str(Path(__file__).parent))
