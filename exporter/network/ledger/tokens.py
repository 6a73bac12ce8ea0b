"""The rules of tokens: who may create, mint, transfer, burn and freeze them, and how much.

A token transaction spends whole outputs of earlier ones and makes new ones, as Bitcoin's do.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from exporter.network.ledger import keys
from exporter.network.ledger.errors import Exists, Invalid, NotAllowed, NotReady, Preempted
from exporter.network.ledger.token_books import Outpoint, Output, Token, TokenBooks, TokenTransaction, blob, marks

BURNT = b"\x02" * 33  # who owns what is burnt: nobody has this key's secret
MAX_AMOUNT = 2**128 - 1
MAX_OUTPUTS = 500  # that a transaction makes, and that it spends


class TokenLedger(TokenBooks):
    """All tokens. What is refused changes nothing."""

    def signers(self, transaction: TokenTransaction) -> list[bytes]:
        """Whose signature a transaction needs, by input: the issuer's, or those of the owners of what it spends.

        Raises:
            NotFound: there is no such token or output.
        """
        if transaction.created:
            return [transaction.created.issuer]
        if transaction.minted:
            return [self.token(transaction.minted).issuer]
        return [self.output(outpoint).owner for outpoint in transaction.spent]

    def check_signatures(self, transaction: TokenTransaction, digest: bytes, signatures: Mapping[int, bytes]) -> None:
        """Check that everybody has signed for a transaction.

        Args:
            transaction: what is signed for.
            digest: the 32 bytes that stand for it.
            signatures: by input, those of BIP 340 or ECDSA ones in DER.

        Raises:
            Invalid: a signature is missing, or not the signer's.
            NotFound: there is no such token or output.
        """
        for number, signer in enumerate(self.signers(transaction)):
            if not is_signed(signer, signatures.get(number, b""), digest):
                raise Invalid(f"input {number} of the token transaction is not signed for by {signer.hex()}")

    def check(self, transaction: TokenTransaction) -> None:
        """Check that a transaction can be made now.

        Raises:
            Exists: the token, or a payment of one of the invoices, is there already.
            Invalid: the amounts are none, or not those that are spent.
            NotFound: there is no such token or output.
            NotReady: it mints more than the token's largest supply, or an owner's tokens are frozen.
            Preempted: an output is spent already.
        """
        _check_counts(transaction)
        for text in transaction.invoices:
            if self.invoice_transaction(text):
                raise Exists("this Spark invoice is paid already")
        if transaction.created:
            if self.tokens([transaction.created.id]):
                raise Exists("this token is there already")
        elif transaction.minted:
            self._check_supply(self.token(transaction.minted), transaction)
        else:
            self._check_spent(transaction)

    def _check_supply(self, token: Token, transaction: TokenTransaction) -> None:
        made = _sums(transaction.outputs)
        if set(made) != {token.id}:
            raise Invalid("a transaction mints no other token than it names")
        if self.minted(token.id) + made[token.id] > (token.max_supply or MAX_AMOUNT):
            raise NotReady(f"no more than {token.max_supply or MAX_AMOUNT} of token {token.ticker} can be minted")

    def _check_spent(self, transaction: TokenTransaction) -> None:
        spent = [self.output(outpoint) for outpoint in transaction.spent]
        for outpoint, output in zip(transaction.spent, spent, strict=True):
            if self._is_spent(outpoint):
                raise Preempted(f"token output {output.id} is spent already")
            if self._is_frozen(output):
                raise NotReady(f"token output {output.id} is frozen by its issuer")
        if _sums(spent) != _sums(transaction.outputs):
            raise Invalid("a transfer makes as much of every token as it spends")

    def apply(self, transaction: TokenTransaction) -> None:
        """Make a transaction that is signed for.

        Raises:
            Exists: it was made before.
            Refused: as `check` does.
        """
        if self.transaction(transaction.draft_hash):
            raise Exists("this token transaction was made before")
        self.check(transaction)
        spent = [self.output(outpoint) for outpoint in transaction.spent]
        for outpoint in transaction.spent:
            where = (outpoint.hash, outpoint.vout)
            self._db.execute("UPDATE token_outputs SET is_spent = 1 WHERE hash = ? AND vout = ?", where)
        if transaction.created:
            self._add_token(transaction.created)
        if transaction.minted:
            minted = self.minted(transaction.minted) + _sums(transaction.outputs)[transaction.minted]
            self._db.execute("UPDATE tokens SET minted = ? WHERE id = ?", (blob(minted), transaction.minted))
        self._add_transaction(transaction, [*spent, *transaction.outputs])

    def _add_token(self, token: Token) -> None:
        columns = {name: getattr(token, name) for name in Token.__slots__}
        columns |= {"max_supply": blob(token.max_supply), "minted": blob(0)}
        self._db.execute(
            f"INSERT INTO tokens ({','.join(columns)}) VALUES ({marks(columns)})",  # noqa: S608
            [*columns.values()],
        )

    def _add_transaction(self, transaction: TokenTransaction, moved: Iterable[Output]) -> None:
        seq = self._db.execute(
            "INSERT INTO token_transactions (hash, draft_hash, message) VALUES (?, ?, ?)",
            (transaction.hash, transaction.draft_hash, transaction.message),
        ).lastrowid
        for vout, output in enumerate(transaction.outputs):
            self._db.execute(
                "INSERT INTO token_outputs (hash, vout, id, owner, token, amount) VALUES (?, ?, ?, ?, ?, ?)",
                (transaction.hash, vout, output.id, output.owner, output.token, blob(output.amount)),
            )
        names = {name for output in moved for name in (output.owner, output.id.encode())}
        names |= {*transaction.tokens, *map(str.encode, transaction.invoices)}
        self._db.executemany("INSERT INTO token_mentions VALUES (?, ?)", [(name, seq) for name in names])

    def freeze(self, token_id: bytes, owner: bytes, *, frozen: bool, at: int) -> list[tuple[Outpoint, Output]]:
        """Freeze what somebody holds of a token, or free it again.

        Args:
            token_id: the token's id.
            owner: whose outputs, those that will come included.
            frozen: whether to freeze them.
            at: the issuer's time, by which a request of old is told from the last one.

        Returns:
            The outputs that the owner has of it now.

        Raises:
            NotAllowed: the token can't be frozen.
            NotFound: there is no such token.
            NotReady: the issuer has decided otherwise since.
        """
        if not self.token(token_id).is_freezable:
            raise NotAllowed("this token was created as one that nobody can freeze")
        row = self._db.execute(
            "SELECT is_frozen, at FROM token_freezes WHERE token = ? AND owner = ?", (token_id, owner)
        ).fetchone()
        if row and (at < row[1] or (at == row[1] and frozen != bool(row[0]))):
            raise NotReady("the issuer has frozen or freed these tokens since")
        self._db.execute("INSERT OR REPLACE INTO token_freezes VALUES (?, ?, ?, ?)", (token_id, owner, frozen, at))
        return [(outpoint, output) for _, outpoint, output in self.unspent([owner], [token_id])]


def is_signed(signer: bytes, signature: bytes, digest: bytes) -> bool:
    """Whether a signature for a token transaction is good: one of BIP 340, or of ECDSA in DER."""
    if len(signature) == 64:
        return keys.verify_schnorr(signer[1:], signature, digest)
    return keys.verify_digest(signer, signature, digest)


def _check_counts(transaction: TokenTransaction) -> None:
    if (transaction.created is not None) + (transaction.minted is not None) + bool(transaction.spent) != 1:
        raise Invalid("a token transaction creates a token, mints some or spends outputs")
    if bool(transaction.created) == bool(transaction.outputs):
        raise Invalid("a token transaction makes outputs unless it creates a token")
    if len(transaction.outputs) > MAX_OUTPUTS or len(transaction.spent) > MAX_OUTPUTS:
        raise Invalid(f"a token transaction spends and makes at most {MAX_OUTPUTS} outputs")
    if len(set(transaction.spent)) < len(transaction.spent):
        raise Invalid("a token transaction spends an output once")
    if not all(0 < output.amount <= MAX_AMOUNT for output in transaction.outputs):
        raise Invalid(f"an output has an amount from 1 to {MAX_AMOUNT}")
    if len(set(transaction.invoices)) < len(transaction.invoices):
        raise Invalid("a token transaction pays a Spark invoice once")


def _sums(outputs: Iterable[Output]) -> Counter[bytes]:
    """How much of each token outputs have."""
    sums: Counter[bytes] = Counter()
    for output in outputs:
        sums[output.token] += output.amount
    return sums
