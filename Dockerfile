# One file of JavaScript on a bare Node.js: no shell, no package manager, not root.
FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN node scripts/build.ts --standalone

FROM gcr.io/distroless/nodejs24-debian12:nonroot
WORKDIR /app
COPY --from=build /src/dist/standalone ./
COPY --from=build /src/package.json ./
ENV NODE_ENV=production MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=8192
USER nonroot
EXPOSE 10250
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=2", "--heap-growing-percent=20", "--liftoff-only", "/app/cli.js"]
CMD ["run", "--config", "/etc/burstlet/burstlet.yaml"]
