package model_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/ledger/model"
	"github.com/posline/posline/examples/realtime/ledger/storetest"
)

func TestStore(t *testing.T) {
	now := storetest.Start
	s := &model.Store{Now: func() int64 { return now.UnixMilli() }}
	storetest.Run(t, s, &now)
	rows := s.Book.Rows()
	s.Lose()
	require.Equal(t, rows, s.Book.Rows(), "what was told to be done stays")
}
