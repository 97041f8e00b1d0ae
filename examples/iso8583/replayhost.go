package main

import (
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/message"
)

// serveAll is a host that answers from a recording.
func (r *replayer) serveAll(all []recorded) error {
	p := &player{replayer: r, exchanges: r.exchanges(all)}
	if len(p.exchanges) == 0 {
		r.fault("", errors.New("no request with an answer in the recording"))
		return nil
	}
	h := newHost(r.console)
	h.networkOptions, h.on, h.count, h.respond = r.networkOptions, r.on, r.count, p.respond
	return h.serveUntilEnd()
}

// player answers from a recording.
type player struct {
	*replayer
	mu        sync.Mutex
	exchanges []*exchange
}

// respond answers a request as the recorded one was that it differs from least, and tells the differences.
func (p *player) respond(_ *connection.Conn, request *message.Message, reply []byte) (out []byte, says string, err error) {
	one, rows := p.nearest(request)
	if one == nil {
		return reply, "", errors.New("no request of this type in the recording")
	}
	if err := p.anew.keys.check(request); err != nil {
		return reply, "", err
	}
	if err := p.tell(one.place, "the request", rows, func(string) bool { return false }); err != nil {
		return reply, "", err
	}
	answer := one.answer.Clone()
	for number := range one.answer.Numbers() {
		path := strconv.Itoa(number)
		if !one.echoes(path) || !request.Has(number) {
			continue
		}
		if err := answer.CopyFields(request, number); err != nil {
			return reply, "", fmt.Errorf("%s: %w", one.place, err)
		}
	}
	wire, err := p.anew.packAnswer(answer, request)
	if err != nil {
		return reply, "", fmt.Errorf("%s: %w", one.place, err)
	}
	return append(reply, wire...), answer.String(), p.anew.keys.learn(answer)
}

// nearest finds the recorded request that a request differs from least, one that has not been used if there is one.
func (p *player) nearest(request *message.Message) (nearest *exchange, rows []difference) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.exchanges {
		if one.request.MTI() != request.MTI() {
			continue
		}
		found := p.counting(differences(p.text(), one.request, request))
		if nearest == nil || nearest.used && !one.used || nearest.used == one.used && len(found) < len(rows) {
			nearest, rows = one, found
		}
	}
	if nearest != nil {
		nearest.used = true
	}
	return nearest, rows
}

// counting are the differences that are not of fields which may differ.
func (p *player) counting(rows []difference) (kept []difference) {
	for _, d := range rows {
		if !p.ignores(d.path) && (d.absent || !p.anew.makes(d.path) && !p.mayPass(d.path)) {
			kept = append(kept, d)
		}
	}
	return kept
}
