// Package paycode tells the pay codes of wallets apart: the digits or the EMVCo payload that a payer's device shows and a
// terminal scans (被扫).
//
// Start with [Recognize], which tells from a scanned string which wallet it belongs to.
//
// The rules are those that UnionPay, WeChat Pay and Alipay publish for merchants in China; other wallets' codes are not
// known. Package emv/qr reads the EMVCo codes themselves.
//
// # Security
//
// A pay code is money for a minute: [Code] prints masked with every verb of fmt, and Text alone gives it in clear. What is
// typed may be a card number; a string that could be one is taken for a code only when it was scanned.
package paycode
