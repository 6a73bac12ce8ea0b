"""For all tests: a property is about what is true, not about how fast a busy machine finds it out."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
