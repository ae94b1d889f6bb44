# syntax=docker/dockerfile:1
# The first stage has pip and the source, the second neither. pip takes the index of its own configuration (a build
# secret named `pip`); every package is checked against the hashes of the locks.
FROM python:3.11.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ONLY_BINARY=:all:
WORKDIR /source
COPY requirements-server.lock requirements-build.lock ./
RUN --mount=type=secret,id=pip,target=/etc/pip.conf,required=false \
    python -m venv /opt/premises && python -m venv /opt/build \
    && /opt/premises/bin/pip install --require-hashes -r requirements-server.lock \
    && /opt/build/bin/pip install --require-hashes -r requirements-build.lock
COPY . .
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /wheels . \
    && /opt/premises/bin/pip install --no-deps --no-index /wheels/*.whl \
    && /opt/premises/bin/pip uninstall --yes pip setuptools
COPY deploy/docker/alive.py /opt/premises/bin/premises-alive
RUN chmod 0755 /opt/premises/bin/premises-alive

FROM python:3.11.13-slim-bookworm
LABEL org.opencontainers.image.title="premises" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.description="A building operations monitor"
RUN apt-get update \
    && apt-get install -y --no-install-recommends fontconfig fonts-noto-cjk tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --home-dir /var/lib/premises premises \
    && install -d -o premises -g premises -m 0700 /var/lib/premises
COPY --from=build /opt/premises /opt/premises
ENV PATH=/opt/premises/bin:/usr/local/bin:/usr/bin:/bin \
    PREMISES_HOME=/var/lib/premises \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    HOME=/tmp
USER 10001:10001
VOLUME ["/var/lib/premises"]
EXPOSE 8088
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=4 CMD ["premises-alive", "serve"]
CMD ["premises", "serve"]
