module burstlet.dev/spdy-peer

go 1.21

require github.com/moby/spdystream v0.5.1
