"""The load: what is paid when, apart from the SDK that pays it."""
