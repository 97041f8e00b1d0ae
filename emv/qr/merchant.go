package qr

// The ids of a merchant-presented code. EMVCo Merchant-Presented Mode, table 3.1.
const (
	PayloadFormat    ID = 0
	Initiation       ID = 1
	firstAccount     ID = 2
	firstTemplate    ID = 26
	lastAccount      ID = 51
	CategoryCode     ID = 52
	CurrencyCode     ID = 53
	Amount           ID = 54
	TipIndicator     ID = 55
	TipFixed         ID = 56
	TipPercent       ID = 57
	CountryCode      ID = 58
	MerchantName     ID = 59
	MerchantCity     ID = 60
	PostalCode       ID = 61
	AdditionalData   ID = 62
	Checksum         ID = 63
	LanguageTemplate ID = 64
	firstUnreserved  ID = 80
)

// The ids inside AdditionalData. A value of "***" asks the payer's device for it.
const (
	BillNumber       ID = 1
	MobileNumber     ID = 2
	StoreLabel       ID = 3
	LoyaltyNumber    ID = 4
	ReferenceLabel   ID = 5
	CustomerLabel    ID = 6
	TerminalLabel    ID = 7
	Purpose          ID = 8
	ConsumerDataAsks ID = 9
)

// IsTemplate reports whether the value of a top-level object is made of objects. Accounts 02 to 25 never are.
func (id ID) IsTemplate() bool {
	return id >= firstTemplate && id <= lastAccount || id == AdditionalData || id == LanguageTemplate || id >= firstUnreserved && id <= 99
}

// Network returns who a merchant account with the id belongs to: "UnionPay" for 15 and 16; "" for templates, where the
// identifier inside tells, and for what is no account.
func (id ID) Network() string {
	switch {
	case id < firstAccount || id >= firstTemplate:
		return ""
	case id <= 3:
		return "Visa"
	case id <= 5:
		return "Mastercard"
	case id >= 9 && id <= 10:
		return "Discover"
	case id >= 11 && id <= 12:
		return "American Express"
	case id >= 13 && id <= 14:
		return "JCB"
	case id >= 15 && id <= 16:
		return "UnionPay"
	}
	return "EMVCo"
}

// Merchant is a merchant-presented code, to be read or built. Empty strings are objects the code does not have.
type Merchant struct {
	Initiation string // "11" a sign on the counter, "12" made for one transaction; "" when the code does not say

	// Accounts are the merchant accounts, ids 02 to 51. A value from id 26 on is Fields.
	Accounts []Field

	CategoryCode string // ISO 18245, 4 digits
	Currency     string // ISO 4217 numeric, 3 digits
	Amount       string // of the transaction, "23.72"; "" when the payer enters it
	Tip          Tip
	Country      string // ISO 3166-1, 2 letters
	Name         string
	City         string
	PostalCode   string
	Additional   []Field // inside of template 62
	Language     Language
	Others       []Field // everything else, ids 65 to 99
}

// Tip is what the payer is to add for service.
type Tip struct {
	Prompt  bool   // ask the payer
	Fixed   string // an amount
	Percent string // a percentage, "5" or "12.5"
}

// Language is the merchant's name in another language.
type Language struct {
	Code   string // ISO 639, 2 letters
	Name   string
	City   string
	Others []Field // everything else inside of template 64, ids 03 to 99
}

// ParseMerchant reads a merchant-presented code and holds it against the specification: Validate must find nothing. For
// codes in use that break its rules, read Fields. A Merchant holds every object of the code, but not their order.
func ParseMerchant(s string) (Merchant, error) {
	if err := Validate(s); err != nil {
		return Merchant{}, err
	}
	var m Merchant
	for id, v := range Fields(s).All() {
		m.take(id, v)
	}
	return m, nil
}

func (m *Merchant) take(id ID, v string) {
	switch {
	case id == Initiation:
		m.Initiation = v
	case id >= firstAccount && id <= lastAccount:
		m.Accounts = append(m.Accounts, Field{id, v})
	case id == TipIndicator:
		m.Tip.Prompt = v == "01"
	case id == AdditionalData:
		m.Additional = fieldsOf(v)
	case id == LanguageTemplate:
		m.Language = languageOf(v)
	case id > LanguageTemplate:
		m.Others = append(m.Others, Field{id, v})
	default:
		if to := m.text(id); to != nil {
			*to = v
		}
	}
}

// text returns where the value of a plain object goes.
func (m *Merchant) text(id ID) *string {
	switch id {
	case CategoryCode:
		return &m.CategoryCode
	case CurrencyCode:
		return &m.Currency
	case Amount:
		return &m.Amount
	case TipFixed:
		return &m.Tip.Fixed
	case TipPercent:
		return &m.Tip.Percent
	case CountryCode:
		return &m.Country
	case MerchantName:
		return &m.Name
	case MerchantCity:
		return &m.City
	case PostalCode:
		return &m.PostalCode
	}
	return nil
}

func languageOf(v string) (l Language) {
	for id, v := range Fields(v).All() {
		switch id {
		case languageCode:
			l.Code = v
		case languageName:
			l.Name = v
		case languageCity:
			l.City = v
		default:
			l.Others = append(l.Others, Field{id, v})
		}
	}
	return l
}

func fieldsOf(v string) []Field {
	var fields []Field
	for id, v := range Fields(v).All() {
		fields = append(fields, Field{id, v})
	}
	return fields
}

// Append appends the code with its checksum to dst, the objects in the order of their ids but for the accounts, the
// additional data and the others, which come as they stand. What it builds passes Validate, or else it returns an error
// and dst as it was.
func (m Merchant) Append(dst []byte) ([]byte, error) {
	b := builder{}
	b.field(PayloadFormat, "01")
	b.field(Initiation, m.Initiation)
	for _, account := range m.Accounts {
		b.field(account.ID, account.Value)
	}
	for id := CategoryCode; id <= PostalCode; id++ {
		if id == TipIndicator {
			b.field(id, m.Tip.indicator())
		} else {
			b.field(id, *m.text(id))
		}
	}
	b.template(AdditionalData, m.Additional)
	b.template(LanguageTemplate, m.Language.fields())
	for _, other := range m.Others {
		b.field(other.ID, other.Value)
	}
	if b.err != nil {
		return dst, b.err
	}
	code := AppendCRC(b.out)
	if err := Validate(string(code)); err != nil {
		return dst, err
	}
	return append(dst, code...), nil
}

func (t Tip) indicator() string {
	switch {
	case t.Prompt:
		return "01"
	case t.Fixed != "":
		return "02"
	case t.Percent != "":
		return "03"
	}
	return ""
}

func (l Language) fields() []Field {
	var fields []Field
	for i, v := range []string{l.Code, l.Name, l.City} {
		if v != "" {
			fields = append(fields, Field{ID(i), v})
		}
	}
	return append(fields, l.Others...)
}

// builder appends objects and remembers the first error. Empty objects are left out.
type builder struct {
	out []byte
	err error
}

func (b *builder) field(id ID, value string) {
	if b.err == nil && value != "" {
		b.out, b.err = AppendField(b.out, id, value)
	}
}

func (b *builder) template(id ID, fields []Field) {
	if b.err == nil && len(fields) > 0 {
		b.out, b.err = AppendTemplate(b.out, id, fields...)
	}
}
