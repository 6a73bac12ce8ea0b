"""Object storage for the files of cells."""

from pathlib import Path

from exporter.errors import ConfigError
from exporter.extras import complaint

# The server's address and the credentials come from the environment: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID,
# AWS_SECRET_ACCESS_KEY.


def put(directory: Path, url: str) -> None:
    """Copy the files in a directory below a URL as ``s3://bucket/prefix``.

    Raises what the library does, and ConfigError without it.
    """
    if lacking := complaint({"s3": "object storage"}):
        raise ConfigError(lacking)
    import s3fs

    storage = s3fs.S3FileSystem(use_listings_cache=False)
    for file in sorted(each for each in directory.iterdir() if each.is_file()):
        storage.put_file(str(file), f"{url.removeprefix('s3://')}/{file.name}")
