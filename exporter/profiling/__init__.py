"""Profiles of the subject: served in pprof's format, dumped to files, and compared."""
