# Games for trainers: `agoragym serve` for other machines, which must know AGORAGYM_TOKEN.
#   docker build -t agoragym .
#   docker run -e AGORAGYM_TOKEN=… -p 8000:8000 agoragym
# What a worker of a queue needs is in it too (compose.queue.yaml).
FROM node:22-slim AS pack
WORKDIR /source
COPY . .
RUN npm ci --ignore-scripts && npm run build && mkdir /pack && npm pack --ignore-scripts --pack-destination /pack

FROM node:22-slim
COPY --from=pack /pack /pack
RUN npm install --global --omit=dev --ignore-scripts /pack/*.tgz bullmq@6.7.0 ioredis@6.0.0 && rm -r /pack && npm cache clean --force
USER node
WORKDIR /home/node
ENV NODE_ENV=production
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["node", "-e", "fetch('http://127.0.0.1:8000/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["agoragym", "serve", "--host", "0.0.0.0", "--port", "8000"]
