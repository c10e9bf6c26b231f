"""The ground floor: records, files and formats; numpy, scipy and pandas only."""
