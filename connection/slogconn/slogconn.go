// Package slogconn makes log lines of what happens on connections. Its Hooks are for connection.Config.Hooks; Hooks.With
// joins them with others. Frames, and values taken from them, never go into the log.
//
// It is a package of its own so that a program without logging does not link log/slog.
package slogconn

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/posline/posline/connection"
)

// Hooks returns hooks that write to a logger: what is usual at debug level, what a peer does wrong and what is lost as
// warnings, what needs a programmer or an administrator as errors.
//
// Lines above debug level are limited, each kind for itself and over all connections with these hooks: within a minute
// the first is written, the second, the fourth, and so on, with its number as count. How many were left out since the
// line of this kind before it is told as left_out, also when that minute is long over.
func Hooks(logger *slog.Logger) connection.Hooks {
	late := limited(logger, slog.LevelInfo, "late answer")
	unmatched := limited(logger, slog.LevelWarn, "answer that no request waits for")
	malformed := limited(logger, slog.LevelWarn, "frame without a readable key")
	handlerError := limited(logger, slog.LevelWarn, "handler failed")
	panicked := limited(logger, slog.LevelError, "panic")
	answerLost := limited(logger, slog.LevelWarn, "answer not sent")
	refused := limited(logger, slog.LevelWarn, "connection refused")
	acceptFailed := limited(logger, slog.LevelError, "accept failed")
	return connection.Hooks{
		Connected: func(c *connection.Conn) { debug(logger, "connection opened", c) },
		Closed:    func(c *connection.Conn, err error) { debug(logger, "connection ended", c, "reason", err) },

		Late:         func(c *connection.Conn, _ [32]byte, _ []byte) { late("peer", c.RemoteAddr()) },
		Unmatched:    func(c *connection.Conn, _ connection.Unmatched) { unmatched("peer", c.RemoteAddr()) },
		Malformed:    func(c *connection.Conn, _ []byte, err error) { malformed("error", err, "peer", c.RemoteAddr()) },
		HandlerError: func(c *connection.Conn, err error) { handlerError("error", err, "peer", c.RemoteAddr()) },
		Panicked: func(c *connection.Conn, p connection.Panic) {
			panicked("type", p.Type, "stack", string(p.Stack), "peer", c.RemoteAddr())
		},
		AnswerLost:   func(c *connection.Conn, err error) { answerLost("error", err, "peer", c.RemoteAddr()) },
		Refused:      func(peer net.Addr, why error) { refused("peer", peer, "reason", why) },
		AcceptFailed: func(err error, retry time.Duration) { acceptFailed("error", err, "retry", retry) },
	}
}

func debug(logger *slog.Logger, text string, c *connection.Conn, args ...any) {
	if logger.Enabled(context.Background(), slog.LevelDebug) {
		logger.Debug(text, append(args, "peer", c.RemoteAddr())...)
	}
}

// limited returns what writes the lines of one kind.
func limited(logger *slog.Logger, level slog.Level, text string) func(args ...any) {
	l := new(limit)
	return func(args ...any) {
		if !logger.Enabled(context.Background(), level) {
			return
		}
		count, leftOut, ok := l.pass(time.Now())
		if !ok {
			return
		}
		if args = append(args, "count", count); leftOut > 0 {
			args = append(args, "left_out", leftOut)
		}
		logger.Log(context.Background(), level, text, args...)
	}
}
