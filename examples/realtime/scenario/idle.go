package scenario

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// idleMerchant is a merchant that sells nothing and waits on its stream.
func idleMerchant(i int) MerchantEntry {
	return MerchantEntry{ID: fmt.Sprintf("8984403541%05d", 20_000+i), Token: fmt.Sprintf("idle-%05d", i)}
}

// idle opens the streams of merchants that wait, and returns how much of a core all there is uses meanwhile, in percent.
func (w *World) idle(ctx context.Context, merchants []MerchantEntry, duration time.Duration) (percent float64, err error) {
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	errs := make(chan error, len(merchants))
	var streams sync.WaitGroup
	defer streams.Wait()
	defer stop()
	for _, m := range merchants {
		streams.Go(func() { errs <- stream(waiting, client, "http://"+w.config.Events+"/events", m.Token) })
	}
	for range merchants {
		err = errors.Join(err, <-errs)
	}
	if err != nil || !pause(ctx, time.Second) {
		return 0, errors.Join(err, ctx.Err())
	}
	cpu, began := cpuTime(), time.Now()
	if !pause(ctx, duration) {
		return 0, ctx.Err()
	}
	return 100 * float64(cpuTime()-cpu) / float64(time.Since(began)), nil
}

// stream opens a stream, which stays open until the context ends.
func stream(ctx context.Context, client *http.Client, url, token string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { response.Body.Close() })
	if response.StatusCode != http.StatusOK {
		return errors.New("scenario: a stream was refused: " + response.Status)
	}
	return nil
}
