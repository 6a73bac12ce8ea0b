"""The report on one or several runs: a page in one file (`page`), or a picture (`picture`).

Both are made of ``ReportRun`` objects (`runs`), whose series come from `exporter.analysis.series`. Nothing is imported
here: the texts at the end of a run are of this room too, and the run must not load what draws.
"""
