"""Object storage for the files of cells."""

from pathlib import Path

from exporter.errors import ConfigError

# The server's address and the credentials come from the environment: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID,
# AWS_SECRET_ACCESS_KEY.


def put(directory: Path, url: str) -> None:
    """Copy the files in a directory below a URL as ``s3://bucket/prefix``.

    Raises what the library does, and ConfigError without it.
    """
    try:
        import s3fs
    except ImportError:
        raise ConfigError(
            "object storage needs s3fs, which is not installed: pip install 'memtest-exporter[s3]'"
        ) from None
    storage = s3fs.S3FileSystem(use_listings_cache=False)
    for file in sorted(each for each in directory.iterdir() if each.is_file()):
        storage.put_file(str(file), f"{url.removeprefix('s3://')}/{file.name}")
