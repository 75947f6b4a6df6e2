import sys
from pathlib import Path

# The slow twins and the strategies of text, and those of this area.
sys.path += [str(Path(__file__).parents[1] / "text"), str(Path(__file__).parent)]
