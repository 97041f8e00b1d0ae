package simulator

// diagnose is NC: the master key's check value and the firmware.
func (j *job) diagnose() error {
	if err := j.end(); err != nil {
		return err
	}
	j.w.Text(j.config.LMK.CheckValue(), j.config.Firmware)
	return nil
}

// status is NO.
func (j *job) status() error {
	mode := j.r.Digits(2)
	if err := j.end(); err != nil {
		return err
	}
	if mode != "00" {
		return fault("03")
	}
	const buffer32K, tcp, sockets, reserved = "3", "1", "64", "00000"
	j.w.Text(buffer32K, tcp, sockets, j.config.Firmware, reserved)
	return nil
}

// echo is B2.
func (j *job) echo() error {
	n := j.r.HexNumber(4)
	if j.r.Valid() && n > j.r.Left() {
		return fault("80")
	}
	data := j.r.Raw(n)
	if err := j.end(); err != nil {
		return err
	}
	j.w.Raw(data)
	return nil
}
