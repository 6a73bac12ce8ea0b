"""The Python driver's command, ``python -m exporter.drivers.breez``; what it runs is in `exporter.drivers.python`."""

from exporter.drivers.python.agent import main
from exporter.drivers.python.breez import BreezDriver

if __name__ == "__main__":
    main(BreezDriver)
