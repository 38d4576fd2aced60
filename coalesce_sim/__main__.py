"""``python -m coalesce_sim``"""

from __future__ import annotations

from coalesce_sim.cli import main

if __name__ == "__main__":
    main()
