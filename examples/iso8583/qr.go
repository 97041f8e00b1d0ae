package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/paycode"
	"github.com/posline/posline/emv/qr"
)

// qrName is the name of a data object in a merchant's code, in English and Chinese.
type qrName [2]string

var qrNames = map[qr.ID]qrName{
	qr.PayloadFormat: {"Payload Format Indicator", "载荷格式指示符"}, qr.Initiation: {"Point of Initiation Method", "发起方式"},
	qr.CategoryCode: {"Merchant Category Code", "商户类别码"}, qr.CurrencyCode: {"Transaction Currency", "交易货币"},
	qr.Amount: {"Transaction Amount", "交易金额"}, qr.TipIndicator: {"Tip or Convenience Indicator", "小费指示符"},
	qr.TipFixed: {"Convenience Fee Fixed", "固定小费"}, qr.TipPercent: {"Convenience Fee Percentage", "小费百分比"},
	qr.CountryCode: {"Country Code", "国家代码"}, qr.MerchantName: {"Merchant Name", "商户名称"},
	qr.MerchantCity: {"Merchant City", "商户城市"}, qr.PostalCode: {"Postal Code", "邮政编码"},
	qr.AdditionalData: {"Additional Data Field Template", "附加数据模板"}, qr.Checksum: {"CRC", "校验码"},
	qr.LanguageTemplate: {"Merchant Information: Language Template", "商户信息语言模板"},
}

var qrAdditionalNames = map[qr.ID]qrName{
	qr.BillNumber: {"Bill Number", "账单号"}, qr.MobileNumber: {"Mobile Number", "手机号"}, qr.StoreLabel: {"Store Label", "门店标签"},
	qr.LoyaltyNumber: {"Loyalty Number", "会员号"}, qr.ReferenceLabel: {"Reference Label", "参考标签"},
	qr.CustomerLabel: {"Customer Label", "客户标签"}, qr.TerminalLabel: {"Terminal Label", "终端标签"},
	qr.Purpose: {"Purpose of Transaction", "交易目的"}, qr.ConsumerDataAsks: {"Additional Consumer Data Request", "消费者附加数据请求"},
}

var errNoCode = errors.New("neither a merchant's code, a consumer's code nor a pay code")

// qr shows the text of a code: a merchant's, which starts with its payload format, a consumer's, or a wallet's pay code.
func (e *chipReader) qr(out *bytes.Buffer, text string) error {
	if strings.HasPrefix(text, "0002") {
		fmt.Fprintln(out, e.in("merchant-presented code", "商户收款码"))
		e.qrFields(out, qr.Fields(text), nil)
		return qr.Validate(text)
	}
	code, ok := paycode.Recognize(text, paycode.Scanner)
	if !ok {
		return errNoCode
	}
	if code.Wallet != paycode.EMVCoPayload {
		shown := code.Masked()
		if e.clear {
			shown = code.Text()
		}
		_, err := fmt.Fprintf(out, "%v: %s\n", code.Wallet, shown)
		return err
	}
	consumer, err := qr.ParseConsumer(text)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, e.in("consumer-presented code", "付款码（EMVCo）"))
	return emv.Describe(out, consumer.Data, &e.describe)
}

func (e *chipReader) in(english, chinese string) string {
	if e.describe.Language == emv.Chinese {
		return chinese
	}
	return english
}

// qrFields shows the data objects of one level; path is that of the template around them.
func (e *chipReader) qrFields(out *bytes.Buffer, fields qr.Fields, path qr.Path) {
	for id, value := range fields.All() {
		fmt.Fprintf(out, "%s%v %s", strings.Repeat("  ", len(path)), id, e.qrName(path, id))
		if len(path) == 0 && id.IsTemplate() && qr.Fields(value).Err() == nil {
			fmt.Fprintln(out)
			e.qrFields(out, qr.Fields(value), qr.Path{id})
			continue
		}
		fmt.Fprintf(out, ": %s%s\n", e.qrValue(path, id, value), e.qrMeaning(path, id, value))
	}
}

func (e *chipReader) qrName(path qr.Path, id qr.ID) string {
	name, ok := qrNames[id]
	switch {
	case len(path) > 0 && path[0] == qr.AdditionalData:
		name, ok = qrAdditionalNames[id]
	case len(path) > 0 && path[0] == qr.LanguageTemplate:
		name, ok = qrLanguageNames[id]
	case len(path) > 0 && id == 0:
		name, ok = qrName{"Globally Unique Identifier", "全局唯一标识"}, true
	case len(path) > 0:
		ok = false
	case id > qr.Initiation && id < qr.CategoryCode:
		name, ok = qrName{"Merchant Account Information", "商户账户信息"}, true
	}
	if !ok {
		name = qrName{"Other", "其他"}
	}
	return e.in(name[0], name[1])
}

var qrLanguageNames = map[qr.ID]qrName{
	0: {"Language Preference", "语言"}, 1: {"Merchant Name, Alternate Language", "商户名称（其他语言）"},
	2: {"Merchant City, Alternate Language", "商户城市（其他语言）"},
}

// qrPublic tells which objects anyone may see. An account may be a card number, templates may hold anything, and some of
// the additional data is about the consumer.
func qrPublic(path qr.Path, id qr.ID) bool {
	if len(path) == 0 {
		_, known := qrNames[id]
		return known
	}
	switch path[0] {
	case qr.LanguageTemplate:
		_, known := qrLanguageNames[id]
		return known
	case qr.AdditionalData:
		_, known := qrAdditionalNames[id]
		return known && id != qr.MobileNumber && id != qr.LoyaltyNumber && id != qr.CustomerLabel
	}
	return id == 0
}

func (e *chipReader) qrValue(path qr.Path, id qr.ID, value string) string {
	if e.clear || qrPublic(path, id) {
		return strings.Map(func(r rune) rune {
			if r != ' ' && !unicode.IsGraphic(r) {
				return '?'
			}
			return r
		}, value)
	}
	return fmt.Sprintf(e.in("<%d characters>", "<%d个字符>"), len([]rune(value)))
}

// qrMeaning words the values that are codes.
func (e *chipReader) qrMeaning(path qr.Path, id qr.ID, value string) string {
	if len(path) > 0 {
		return ""
	}
	meaning := id.Network()
	switch id {
	case qr.Initiation:
		meaning = map[string]string{"11": e.in("static", "静态码"), "12": e.in("dynamic", "动态码")}[value]
	case qr.TipIndicator:
		meaning = map[string]string{"01": e.in("the consumer is asked", "由消费者输入"), "02": e.in("fixed", "固定金额"),
			"03": e.in("percentage", "百分比")}[value]
	case qr.CurrencyCode:
		if code, err := strconv.ParseUint(value, 10, 16); err == nil {
			currency, _ := emv.CurrencyByCode(uint16(code))
			meaning = currency.Alpha
		}
	}
	if meaning == "" {
		return ""
	}
	return " (" + meaning + ")"
}
