package emv

import "iter"

// TVR is the Terminal Verification Results, tag 95: what the terminal found at fault. Action codes have the same bits.
// EMV Book 3 Annex C5.
type TVR [5]byte

// TVRBit is one bit of a TVR.
type TVRBit uint8

// The bits of a TVR.
const (
	TVRODANotPerformed TVRBit = octet1 + bit8
	TVRSDAFailed       TVRBit = octet1 + bit7
	TVRCardDataMissing TVRBit = octet1 + bit6
	TVROnExceptionFile TVRBit = octet1 + bit5
	TVRDDAFailed       TVRBit = octet1 + bit4
	TVRCDAFailed       TVRBit = octet1 + bit3
	TVRSDASelected     TVRBit = octet1 + bit2
	TVRXDASelected     TVRBit = octet1 + bit1

	TVRVersionsDiffer             TVRBit = octet2 + bit8
	TVRExpired                    TVRBit = octet2 + bit7
	TVRNotYetEffective            TVRBit = octet2 + bit6
	TVRServiceNotAllowed          TVRBit = octet2 + bit5
	TVRNewCard                    TVRBit = octet2 + bit4
	TVRBiometricDone              TVRBit = octet2 + bit2
	TVRBiometricFormatUnsupported TVRBit = octet2 + bit1

	TVRCVMFailed             TVRBit = octet3 + bit8
	TVRCVMUnrecognised       TVRBit = octet3 + bit7
	TVRPINTryLimit           TVRBit = octet3 + bit6
	TVRPINPadMissing         TVRBit = octet3 + bit5
	TVRPINNotEntered         TVRBit = octet3 + bit4
	TVROnlineCVMCaptured     TVRBit = octet3 + bit3
	TVRBiometricDeviceFailed TVRBit = octet3 + bit2
	TVRBiometricBypassed     TVRBit = octet3 + bit1

	TVRFloorLimit           TVRBit = octet4 + bit8
	TVRLowerOfflineLimit    TVRBit = octet4 + bit7
	TVRUpperOfflineLimit    TVRBit = octet4 + bit6
	TVRRandomOnline         TVRBit = octet4 + bit5
	TVRMerchantForcedOnline TVRBit = octet4 + bit4
	TVRBiometricTryLimit    TVRBit = octet4 + bit3
	TVRBiometricUnsupported TVRBit = octet4 + bit2
	TVRXDAFailed            TVRBit = octet4 + bit1

	TVRDefaultTDOL        TVRBit = octet5 + bit8
	TVRIssuerAuthFailed   TVRBit = octet5 + bit7
	TVRScriptFailedBefore TVRBit = octet5 + bit6
	TVRScriptFailedAfter  TVRBit = octet5 + bit5
	TVRRelayThreshold     TVRBit = octet5 + bit4
	TVRCAKeyMissing       TVRBit = octet5 + bit3
	TVRKeyRecoveryFailed  TVRBit = octet5 + bit2
	TVRRelayNotPerformed  TVRBit = octet5 + bit1
)

var tvrText = [...]text{
	TVRODANotPerformed:            {"offline data authentication not performed", "未进行脱机数据认证"},
	TVRSDAFailed:                  {"static data authentication failed", "静态数据认证失败"},
	TVRCardDataMissing:            {"card data missing", "IC卡数据缺失"},
	TVROnExceptionFile:            {"card is on the terminal exception file", "卡片出现在终端异常文件中"},
	TVRDDAFailed:                  {"dynamic data authentication failed", "动态数据认证失败"},
	TVRCDAFailed:                  {"combined DDA and AC generation failed", "复合动态数据认证/应用密文生成失败"},
	TVRSDASelected:                {"static data authentication was selected", "已选择静态数据认证"},
	TVRXDASelected:                {"extended data authentication was selected", "已选择扩展数据认证"},
	TVRVersionsDiffer:             {"card and terminal have different application versions", "IC卡与终端应用版本不一致"},
	TVRExpired:                    {"application has expired", "应用已过期"},
	TVRNotYetEffective:            {"application is not effective yet", "应用尚未生效"},
	TVRServiceNotAllowed:          {"card product does not allow the requested service", "卡片不允许所请求的服务"},
	TVRNewCard:                    {"new card", "新卡"},
	TVRBiometricDone:              {"biometric verification was performed and succeeded", "生物特征验证已执行且成功"},
	TVRBiometricFormatUnsupported: {"biometric template format not supported", "不支持生物特征模板格式"},
	TVRCVMFailed:                  {"cardholder verification failed", "持卡人验证失败"},
	TVRCVMUnrecognised:            {"unrecognised cardholder verification method", "未知的持卡人验证方法"},
	TVRPINTryLimit:                {"PIN try limit exceeded", "PIN重试次数超限"},
	TVRPINPadMissing:              {"PIN required, but the PIN pad is missing or does not work", "要求输入PIN，但无密码键盘或密码键盘故障"},
	TVRPINNotEntered:              {"PIN required and PIN pad present, but no PIN was entered", "要求输入PIN，有密码键盘，但未输入PIN"},
	TVROnlineCVMCaptured:          {"PIN or biometric captured for online verification", "已输入联机验证数据"},
	TVRBiometricDeviceFailed:      {"biometric required, but the capture device does not work", "要求生物特征验证，但采集设备故障"},
	TVRBiometricBypassed:          {"biometric required and device present, but entry was bypassed", "要求生物特征验证，但采集被跳过"},
	TVRFloorLimit:                 {"transaction exceeds the floor limit", "交易金额超过最低限额"},
	TVRLowerOfflineLimit:          {"lower consecutive offline limit exceeded", "超过连续脱机交易下限"},
	TVRUpperOfflineLimit:          {"upper consecutive offline limit exceeded", "超过连续脱机交易上限"},
	TVRRandomOnline:               {"selected at random for online processing", "交易被随机选择联机处理"},
	TVRMerchantForcedOnline:       {"merchant forced the transaction online", "商户要求联机交易"},
	TVRBiometricTryLimit:          {"biometric try limit exceeded", "生物特征重试次数超限"},
	TVRBiometricUnsupported:       {"a selected biometric type is not supported", "不支持所选的生物特征类型"},
	TVRXDAFailed:                  {"extended data authentication failed", "扩展数据认证失败"},
	TVRDefaultTDOL:                {"default TDOL used", "使用缺省TDOL"},
	TVRIssuerAuthFailed:           {"issuer authentication failed", "发卡行认证失败"},
	TVRScriptFailedBefore:         {"issuer script failed before the final GENERATE AC", "最后一次生成应用密文之前脚本处理失败"},
	TVRScriptFailedAfter:          {"issuer script failed after the final GENERATE AC", "最后一次生成应用密文之后脚本处理失败"},
	TVRRelayThreshold:             {"relay resistance threshold exceeded (contactless)", "超过中继抵抗门限（非接触）"},
	TVRCAKeyMissing:               {"certification authority ECC key missing", "缺少CA的ECC公钥"},
	TVRKeyRecoveryFailed:          {"ECC key recovery failed", "ECC公钥恢复失败"},
	TVRRelayNotPerformed:          {"relay resistance result, low bit (contactless)", "中继抵抗结果低位（非接触）"},
}

// ParseTVR reads the value of tag 95, 5 octets.
func ParseTVR(b []byte) (TVR, error) { return parseFixed[TVR](0x95, b) }

// Has reports whether the bit is set.
func (v TVR) Has(b TVRBit) bool { return hasBit(v, b) }

// Set sets the bit.
func (v *TVR) Set(b TVRBit) { putBit(v, b, true) }

// Clear clears the bit.
func (v *TVR) Clear(b TVRBit) { putBit(v, b, false) }

// Bits iterates over the bits that are set, from byte 1 bit 8 downwards.
func (v TVR) Bits() iter.Seq[TVRBit] { return eachBit[TVRBit](v) }

// String returns what the bit means, in English.
func (b TVRBit) String() string { return b.Text(English) }

// Text returns what the bit means.
func (b TVRBit) Text(l Language) string { return bitText(tvrText[:], b, l) }

// Or returns the bits that are set in either.
func (v TVR) Or(other TVR) TVR {
	for i := range v {
		v[i] |= other[i]
	}
	return v
}
