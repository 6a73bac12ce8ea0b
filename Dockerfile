# The exporter with the SDK that it tests. Another SDK release: docker build --build-arg SDK_VERSION=0.22.3 .
ARG PYTHON_IMAGE=python:3.13.15-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b

FROM ${PYTHON_IMAGE} AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONDONTWRITEBYTECODE=1

RUN python3 -m venv /opt/hatch && /opt/hatch/bin/pip install --no-compile hatchling==1.27.0 hatch-vcs==0.5.0 \
    && python3 -m venv --without-pip /opt/exporter

# The dependencies change seldom and are large: a layer of their own. Their tests are a sixth of them.
COPY requirements.lock /src/
RUN /opt/hatch/bin/pip --python /opt/exporter/bin/python install --no-compile --require-hashes -r /src/requirements.lock \
    && find /opt/exporter/lib -type d -name tests -prune -exec rm -rf {} +

COPY exporter/drivers/releases /src/releases
ARG SDK_VERSION=
RUN if [ -z "$SDK_VERSION" ]; then \
      exit 0; \
    elif [ -f "/src/releases/$SDK_VERSION.txt" ]; then \
      set -- --require-hashes -r "/src/releases/$SDK_VERSION.txt"; \
    else \
      echo "breez-sdk-spark $SDK_VERSION is installed unverified: its hash is not known here" >&2; \
      set -- "breez-sdk-spark==$SDK_VERSION"; \
    fi \
    && /opt/hatch/bin/pip --python /opt/exporter/bin/python install --no-compile --no-deps "$@"

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY exporter exporter
# Of the exporter; the repository, which knows, is not copied.
ARG VERSION=0.0.0
# Byte code that is checked by its source's hash, not its time, is the same in every build.
RUN SETUPTOOLS_SCM_PRETEND_VERSION=$VERSION /opt/hatch/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/hatch/bin/pip --python /opt/exporter/bin/python install --no-compile --no-deps /wheels/*.whl \
    && /opt/exporter/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/exporter/lib \
    && mkdir -p /var/lib/memtest

FROM ${PYTHON_IMAGE}

LABEL org.opencontainers.image.title="memtest-exporter" \
      org.opencontainers.image.description="Soak-tests payment SDKs for memory leaks" \
      org.opencontainers.image.licenses="MIT"

COPY --from=build /opt/exporter /opt/exporter
COPY --from=build --chown=10001:10001 /var/lib/memtest /var/lib/memtest

# Everything is reachable only inside the container's network; what is published, and where, is the caller's choice.
ENV PATH=/opt/exporter/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MEMTEST_LISTEN_ADDRESS=0.0.0.0:10366

USER 10001:10001
WORKDIR /var/lib/memtest
VOLUME /var/lib/memtest
EXPOSE 10366

HEALTHCHECK --interval=10s --timeout=4s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:10366/-/healthy', timeout=3)"]

ENTRYPOINT ["exporter"]
