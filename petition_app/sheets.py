"""Reading files of rows: CSV and XLSX."""
