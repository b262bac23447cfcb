# The server image. Node runs the TypeScript as it is; only the dashboard is built.
#
#   docker build -t freehold .
#   docker run -p 3000:3000 -v freehold-data:/data freehold
#
# Pin the base image in a release: --build-arg NODE_DIGEST=@sha256:… (`docker buildx imagetools inspect node:24-bookworm-slim`).
ARG NODE_DIGEST=

# hadolint ignore=DL3006
FROM node:24-bookworm-slim${NODE_DIGEST} AS deps
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/contracts/package.json packages/contracts/
COPY packages/core/package.json packages/core/
COPY packages/runtime/package.json packages/runtime/
COPY packages/testkit/package.json packages/testkit/
COPY apps/cli/package.json apps/cli/
COPY apps/server/package.json apps/server/
COPY apps/web/package.json apps/web/
# Two workspaces: what the server and the dashboard need, without the pinned Node of the root (the image has one) and the testkit.
RUN npm ci --omit=dev --workspace=@freehold/server --workspace=@freehold/web --ignore-scripts --no-audit --no-fund \
  && rm -rf packages/testkit apps/cli

FROM deps AS dashboard
COPY scripts/file-lock.mjs scripts/
COPY packages/contracts packages/contracts
COPY apps/web apps/web
RUN node apps/web/src/main.ts --build

# hadolint ignore=DL3006
FROM node:24-bookworm-slim${NODE_DIGEST} AS runtime
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    FREEHOLD_DATA_DIR=/data
WORKDIR /app
COPY --from=deps /app ./
COPY packages/contracts packages/contracts
COPY packages/core packages/core
COPY packages/runtime packages/runtime
COPY apps/server apps/server
COPY scripts/file-lock.mjs scripts/
COPY --from=dashboard /app/apps/web apps/web
RUN mkdir /data && chown 1000:1000 /data
# `node` in the base image, by number so that Kubernetes can see that it isn't root.
USER 1000:1000
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then((response) => process.exit(response.ok ? 0 : 1), () => process.exit(1))"]
# As PID 1 the server handles SIGTERM and SIGINT itself and starts no processes that would need reaping.
ENTRYPOINT ["node", "apps/server/src/main.ts"]
CMD ["serve"]
