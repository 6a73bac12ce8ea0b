package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"unicode"

	sdk "github.com/breez/breez-sdk-spark-go/breez_sdk_spark"
)

const (
	syncIntervalSeconds   = 5
	paymentTimeoutSeconds = 90
)

// instance is one connected SDK instance, its listeners' ids and its Spark address once asked for.
type instance struct {
	handle    *sdk.BreezSdk
	listeners []string
	address   string
}

type driver struct {
	config   config
	out      *emitter
	commands map[string]func(command) (fields, error)

	mutex     sync.Mutex // guards what follows
	instances map[string]*instance
	context   *sdk.SdkContext // that instances share, once one does
}

func newDriver(given config, out *emitter) *driver {
	d := &driver{config: given, out: out, instances: map[string]*instance{}}
	d.commands = map[string]func(command) (fields, error){
		"connect":          d.connect,
		"build":            d.build,
		"disconnect":       d.disconnect,
		"abandon":          d.abandon,
		"add_listeners":    d.addListeners,
		"remove_listeners": d.removeListeners,
		"balance":          d.balance,
		"sync":             d.sync,
		"spark_address":    d.sparkAddress,
		"deposit_address":  d.depositAddress,
		"invoice":          d.invoice,
		"pay":              d.pay,
		"pay_request":      d.payRequest,
		"list_payments":    d.listPayments,
	}
	if given.Options.TracedFrames > 0 {
		d.offerProfiles()
	}
	if given.Options.HeapDump != "" {
		d.offerHeapDumps(given.Options.HeapDump)
	}
	return d
}

// close disconnects what is still connected.
func (d *driver) close() {
	d.mutex.Lock()
	names := make([]string, 0, len(d.instances))
	for name := range d.instances {
		names = append(names, name)
	}
	d.mutex.Unlock()
	var all sync.WaitGroup
	for _, name := range names {
		all.Add(1)
		go func() {
			defer all.Done()
			if _, err := d.disconnect(command{Instance: name}); err != nil {
				d.out.emit("log", fields{"level": "warning", "message": fmt.Sprintf("disconnecting %s: %v", name, err)})
			}
		}()
	}
	all.Wait()
}

func (d *driver) connect(asked command) (fields, error) {
	if d.has(asked.Instance) {
		return nil, refusal{"already_connected", "instance " + asked.Instance + " is connected"}
	}
	builder, err := d.builder(asked)
	if err != nil {
		return nil, err
	}
	defer builder.Destroy()
	handle, err := builder.Build()
	if err := told(err); err != nil {
		return nil, err
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.instances[asked.Instance] = &instance{handle: handle}
	return nil, nil
}

// build makes an instance ready and lets go of it: it connects as it is built.
func (d *driver) build(asked command) (fields, error) {
	builder, err := d.builder(asked)
	if err == nil {
		builder.Destroy()
	}
	return nil, err
}

func (d *driver) builder(asked command) (*sdk.SdkBuilder, error) {
	wallet := asked.Wallet
	if wallet == "" {
		wallet = asked.Instance
	}
	seed, err := hex.DecodeString(d.config.Wallets[wallet])
	if err != nil || len(seed) == 0 {
		return nil, refusal{"no_such_wallet", "there is no seed for wallet " + wallet}
	}
	storage := filepath.Join(d.config.StorageDir, asked.Instance)
	if err := os.MkdirAll(storage, 0o700); err != nil {
		return nil, err
	}
	builder := sdk.NewSdkBuilder(d.sdkConfig(asked), sdk.SeedEntropy{Field0: seed})
	if asked.Shared {
		shared, err := d.sharedContext()
		if err != nil {
			builder.Destroy()
			return nil, err
		}
		builder.WithSharedContext(shared)
	}
	builder.WithDefaultStorage(storage)
	if chain := d.config.Network.Chain; chain != nil {
		api := sdk.ChainApiTypeEsplora
		if chain.API == "mempool" {
			api = sdk.ChainApiTypeMempoolSpace
		}
		builder.WithRestChainService(chain.URL, api, nil)
	}
	return builder, nil
}

func (d *driver) sharedContext() (*sdk.SdkContext, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.context == nil {
		made, err := sdk.NewSharedSdkContext(sdk.SdkContextConfig{Network: sdk.NetworkRegtest})
		if err := told(err); err != nil {
			return nil, err
		}
		d.context = made
	}
	return d.context, nil
}

func (d *driver) sdkConfig(asked command) sdk.Config {
	given := d.config.Network
	config := sdk.DefaultConfig(sdk.NetworkRegtest)
	if asked.Server {
		config = sdk.DefaultServerConfig(sdk.NetworkRegtest)
	}
	config.PreferSparkOverLightning = d.preferSpark()
	config.SyncIntervalSecs = syncIntervalSeconds
	// Neither belongs to the payments under test, and both would call out to other servers.
	config.RealTimeSyncServerUrl, config.LnurlDomain = nil, nil
	config.LeafOptimizationConfig.AutoEnabled = asked.OptimizeLeaves == nil || *asked.OptimizeLeaves
	if given.Operators == nil {
		return config
	}
	operators := make([]sdk.SparkSigningOperator, 0, len(given.Operators))
	for _, each := range given.Operators {
		operators = append(operators, sdk.SparkSigningOperator{
			Id:                each.ID,
			Identifier:        each.Identifier,
			Address:           each.Address,
			IdentityPublicKey: each.IdentityPublicKey,
			CaCertPem:         given.CACertPEM,
		})
	}
	config.SparkConfig = &sdk.SparkConfig{
		CoordinatorIdentifier: given.CoordinatorIdentifier,
		Threshold:             given.Threshold,
		SigningOperators:      operators,
		SspConfig: sdk.SparkSspConfig{
			BaseUrl:           given.SSP.BaseURL,
			IdentityPublicKey: given.SSP.IdentityPublicKey,
			SchemaEndpoint:    &given.SSP.SchemaEndpoint,
		},
		ExpectedWithdrawBondSats:              10_000,
		ExpectedWithdrawRelativeBlockLocktime: 1_000,
	}
	return config
}

func (d *driver) preferSpark() bool { return d.config.PreferSpark == nil || *d.config.PreferSpark }

func (d *driver) disconnect(asked command) (fields, error) {
	found, err := d.take(asked.Instance)
	if err != nil {
		return nil, err
	}
	if !asked.KeepListeners {
		for _, listener := range found.listeners {
			found.handle.RemoveEventListener(listener)
		}
	}
	defer found.handle.Destroy()
	return nil, told(found.handle.Disconnect())
}

// abandon frees the handle without disconnecting: the mistake that Destroy invites.
func (d *driver) abandon(asked command) (fields, error) {
	found, err := d.take(asked.Instance)
	if err == nil {
		found.handle.Destroy()
	}
	return nil, err
}

type listener struct {
	wallet string
	out    *emitter
}

// OnEvent passes on the kind of every event, and nothing else of it.
func (l listener) OnEvent(event sdk.SdkEvent) {
	name := strings.TrimPrefix(reflect.TypeOf(event).Name(), "SdkEvent")
	l.out.emit("event", fields{"event": snakeCase(name), "wallet": l.wallet})
}

func (d *driver) addListeners(asked command) (fields, error) {
	found, err := d.find(asked.Instance)
	if err != nil {
		return nil, err
	}
	for range asked.Count {
		id := found.handle.AddEventListener(listener{asked.Instance, d.out})
		d.mutex.Lock()
		found.listeners = append(found.listeners, id)
		d.mutex.Unlock()
	}
	return nil, nil
}

func (d *driver) removeListeners(asked command) (fields, error) {
	found, err := d.find(asked.Instance)
	if err != nil {
		return nil, err
	}
	d.mutex.Lock()
	kept := len(found.listeners) - asked.Count
	if kept < 0 {
		d.mutex.Unlock()
		return nil, refusal{"no_such_listener", fmt.Sprintf("only %d listeners are registered", len(found.listeners))}
	}
	dropped := found.listeners[kept:]
	found.listeners = found.listeners[:kept:kept]
	d.mutex.Unlock()
	for _, id := range dropped {
		found.handle.RemoveEventListener(id)
	}
	return nil, nil
}

func (d *driver) balance(asked command) (fields, error) {
	found, err := d.find(asked.Instance)
	if err != nil {
		return nil, err
	}
	synced := false
	info, err := found.handle.GetInfo(sdk.GetInfoRequest{EnsureSynced: &synced})
	if err := told(err); err != nil {
		return nil, err
	}
	defer info.Destroy()
	return fields{"balance_sats": info.BalanceSats}, nil
}

func (d *driver) sync(asked command) (fields, error) {
	found, err := d.find(asked.Instance)
	if err != nil {
		return nil, err
	}
	_, err = found.handle.SyncWallet(sdk.SyncWalletRequest{})
	return nil, told(err)
}

func (d *driver) sparkAddress(asked command) (fields, error) {
	found, err := d.find(asked.Instance)
	if err != nil {
		return nil, err
	}
	address, err := d.addressOf(found)
	return fields{"address": address}, err
}

func (d *driver) addressOf(of *instance) (string, error) {
	d.mutex.Lock()
	known := of.address
	d.mutex.Unlock()
	if known != "" {
		return known, nil
	}
	address, err := receive(of, sdk.ReceivePaymentMethodSparkAddress{})
	d.mutex.Lock()
	defer d.mutex.Unlock()
	of.address = address
	return address, err
}

func (d *driver) depositAddress(asked command) (fields, error) {
	found, err := d.find(asked.Instance)
	if err != nil {
		return nil, err
	}
	address, err := receive(found, sdk.ReceivePaymentMethodBitcoinAddress{})
	return fields{"address": address}, err
}

func (d *driver) invoice(asked command) (fields, error) {
	found, err := d.find(asked.Instance)
	if err != nil {
		return nil, err
	}
	method := sdk.ReceivePaymentMethodBolt11Invoice{Description: asked.Description, AmountSats: &asked.AmountSats}
	if method.Description == "" {
		method.Description = "memtest payment"
	}
	if asked.ExpirySeconds > 0 {
		method.ExpirySecs = &asked.ExpirySeconds
	}
	invoice, err := receive(found, method)
	return fields{"invoice": invoice}, err
}

func receive(at *instance, method sdk.ReceivePaymentMethod) (string, error) {
	answer, err := at.handle.ReceivePayment(sdk.ReceivePaymentRequest{PaymentMethod: method})
	if err := told(err); err != nil {
		return "", err
	}
	defer answer.Destroy()
	return answer.PaymentRequest, nil
}

func (d *driver) pay(asked command) (fields, error) {
	sender, err := d.find(asked.From)
	if err != nil {
		return nil, err
	}
	receiver, err := d.find(asked.To)
	if err != nil {
		return nil, err
	}
	if asked.Rail == "spark" {
		address, err := d.addressOf(receiver)
		if err != nil {
			return nil, err
		}
		return d.send(sender, address, asked.AmountSats, nil)
	}
	made, err := d.invoice(command{Instance: asked.To, AmountSats: asked.AmountSats})
	if err != nil {
		return nil, err
	}
	result, err := d.send(sender, made["invoice"].(string), 0, nil)
	if err != nil {
		return nil, err
	}
	result["request"] = made["invoice"]
	return result, nil
}

func (d *driver) payRequest(asked command) (fields, error) {
	sender, err := d.find(asked.From)
	if err != nil {
		return nil, err
	}
	return d.send(sender, asked.Request, asked.AmountSats, asked.WaitSeconds)
}

// send pays a request and waits; amount 0 leaves the amount to the request. It is paid over the provider, whatever is
// preferred, if `wait` says for how many seconds.
func (d *driver) send(sender *instance, request string, amount uint64, wait *uint32) (fields, error) {
	patience := uint32(paymentTimeoutSeconds)
	if wait != nil {
		patience = *wait
	}
	asked := sdk.PrepareSendPaymentRequest{PaymentRequest: sdk.PaymentRequestInput{Input: request}}
	if amount > 0 {
		asked.Amount = new(*big.Int)
		*asked.Amount = new(big.Int).SetUint64(amount)
	}
	prepared, err := sender.handle.PrepareSendPayment(asked)
	if err := told(err); err != nil {
		return nil, err
	}
	defer prepared.Destroy()
	var options *sdk.SendPaymentOptions
	if _, ok := prepared.PaymentMethod.(sdk.SendPaymentMethodBolt11Invoice); ok {
		var chosen sdk.SendPaymentOptions = sdk.SendPaymentOptionsBolt11Invoice{
			PreferSpark: d.preferSpark() && wait == nil, CompletionTimeoutSecs: &patience,
		}
		options = &chosen
	}
	answer, err := sender.handle.SendPayment(sdk.SendPaymentRequest{PrepareResponse: prepared, Options: options})
	if err := told(err); err != nil {
		return nil, err
	}
	defer answer.Destroy()
	switch payment := answer.Payment; payment.Status {
	case sdk.PaymentStatusCompleted:
		return fields{"fees_sats": (*big.Int)(payment.Fees).Uint64()}, nil
	case sdk.PaymentStatusFailed:
		return nil, refusal{"payment_failed", "the payment is failed and the money is back"}
	default:
		return nil, refusal{"payment_pending", fmt.Sprintf("the payment is pending after %d s", patience)}
	}
}

func (d *driver) listPayments(asked command) (fields, error) {
	found, err := d.find(asked.Instance)
	if err != nil {
		return nil, err
	}
	request := sdk.ListPaymentsRequest{}
	if asked.Limit > 0 {
		request.Limit = &asked.Limit
	}
	answer, err := found.handle.ListPayments(request)
	if err := told(err); err != nil {
		return nil, err
	}
	if asked.Destroy {
		defer answer.Destroy()
	}
	return fields{"count": len(answer.Payments)}, nil
}

func (d *driver) has(name string) bool {
	_, err := d.find(name)
	return err == nil
}

func (d *driver) find(name string) (*instance, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if found := d.instances[name]; found != nil {
		return found, nil
	}
	return nil, refusal{"not_connected", "instance " + name + " is not connected"}
}

// take finds an instance and forgets it.
func (d *driver) take(name string) (*instance, error) {
	found, err := d.find(name)
	d.mutex.Lock()
	defer d.mutex.Unlock()
	delete(d.instances, name)
	return found, err
}

// told turns an error of the binding into a refusal with its kind and its plain text.
func told(err error) error {
	var given *sdk.SdkError
	if err == nil || errors.As(err, &given) && given == nil {
		return nil
	}
	if given == nil {
		return err
	}
	inner := given.Unwrap()
	name := reflect.TypeOf(inner)
	if name.Kind() == reflect.Pointer {
		name = name.Elem()
	}
	return refusal{snakeCase(strings.TrimPrefix(name.Name(), "SdkError")), inner.Error()}
}

func errorKind(err error) string {
	var known refusal
	if errors.As(err, &known) {
		return known.kind
	}
	return "error"
}

func snakeCase(name string) string {
	var out strings.Builder
	for at, letter := range name {
		if unicode.IsUpper(letter) && at > 0 {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(letter))
	}
	return out.String()
}
