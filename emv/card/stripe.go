package card

import (
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/cardverify"
	"github.com/posline/posline/emv"
)

// Behind the service code a track has a PIN verification key index and value, zeros here, and the card verification
// value.
const pinVerification = "00000"

// chipServiceCode takes the place of the service code in the verification value of the chip's track, the iCVV.
const chipServiceCode = "999"

// Track1 returns what is on track 1, without sentinels: format code B.
func (c *Card) Track1() (string, error) {
	t, err := c.Track2()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("B%s^%s^%s%s%s", t.PAN, c.config.Name, t.Expiry, t.ServiceCode, t.Discretionary), nil
}

// Track2 returns what is on track 2.
func (c *Card) Track2() (emv.Track2, error) { return c.track2(c.config.ServiceCode) }

// chipTrack2 returns the track 2 equivalent data of the chip, tag 57. It differs in the verification value, so that a
// stripe copied from the chip is found out.
func (c *Card) chipTrack2() (emv.Track2, error) { return c.track2(chipServiceCode) }

func (c *Card) track2(verified string) (emv.Track2, error) {
	d := c.config.Expiry
	t := emv.Track2{
		PAN: c.config.PAN, Expiry: fmt.Sprintf("%02d%02d", d.Year%100, d.Month), ServiceCode: c.config.ServiceCode,
		Discretionary: pinVerification + "000",
	}
	if c.config.Keys.CVK.Attributes() == (crypto.Attributes{}) {
		return t, nil
	}
	cvv, err := cardverify.Append(nil, c.config.Keys.CVK, crypto.CardData{PAN: crypto.Hide(t.PAN), Expiry: t.Expiry, ServiceCode: verified})
	t.Discretionary = pinVerification + string(cvv)
	return t, err
}
