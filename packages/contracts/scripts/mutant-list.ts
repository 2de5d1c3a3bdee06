/** One deliberate fault in the Solidity sources; the unit tests must notice it. */
export interface Mutant {
  file: string
  /** Occurs exactly once in the file. */
  from: string
  to: string
  /** What the fault would mean. */
  what: string
}

const mutants: Mutant[] = []
const of = (file: string) => (what: string, from: string, to: string) =>
  mutants.push({ file: `src/${file}`, from, to, what })

const tree = of('libraries/LeafTree.sol')
tree('leaf of any length', 'if (leaf.length != LEAF_BYTES) revert LeafLength(LEAF_BYTES, leaf.length);', '')
tree('leaf at least a leaf', 'leaf.length != LEAF_BYTES', 'leaf.length < LEAF_BYTES')
tree('path of any length', 'if (path.length != levels) revert PathLength(levels, path.length);', '')
tree('path at least the depth', 'path.length != levels', 'path.length < levels')
tree(
  'index bits swapped',
  'let at := shl(5, and(shr(i, index), 1))',
  'let at := shl(5, iszero(and(shr(i, index), 1)))',
)
tree('index not bound', 'let at := shl(5, and(shr(i, index), 1))', 'let at := 0')
tree('a failed hash passes', 'if (!ok) revert HashFailed();', '')
tree(
  'only the last hash must succeed',
  'ok := and(ok, and(success, eq(returndatasize(), 0x20)))',
  'ok := and(success, eq(returndatasize(), 0x20))',
)
tree(
  'depth one short',
  'capacity < 2 ? 10 : 11 + Math.log2(capacity - 1)',
  'capacity < 2 ? 10 : 10 + Math.log2(capacity - 1)',
)
tree('depth of the floor', 'Math.log2(capacity - 1)', 'Math.log2(capacity)')
tree('depth of one MiB', 'capacity < 2 ? 10', 'capacity < 1 ? 10')

const base = of('parts/MarketBase.sol')
base(
  'windows may fill the notice',
  'p.answerWindow + p.cooldown >= p.notice',
  'p.answerWindow + p.cooldown > p.notice',
)
base('shares above the pledge', 'p.userShare + p.reporterShare > BASIS_POINTS', 'p.userShare > BASIS_POINTS')
base('any quit share', 'if (p.quitShare > p.userShare) revert SharesTooHigh(p.userShare, p.quitShare);', '')
base('unknown bills are there', 'if (bill.miner == address(0)) revert UnknownBill(billId);', '')
base('unknown orders are there', 'if (order.user == address(0)) revert UnknownOrder(orderId);', '')
base(
  'no freeze',
  'if (order.question != 0 && order.state == OrderState.Active) revert ChallengeOpen(orderId, order.until);',
  '',
)
base(
  'a slashed order stays frozen',
  'order.question != 0 && order.state == OrderState.Active',
  'order.question != 0',
)
base('acts after the end', 'if (block.timestamp > endsAt) revert OrderOver(endsAt, block.timestamp);', '')
base(
  'the last second is late',
  'if (block.timestamp > endsAt) revert OrderOver',
  'if (block.timestamp >= endsAt) revert OrderOver',
)
base(
  'a notice does not end the order',
  'if (noticeEndsAt != 0 && noticeEndsAt < endsAt) endsAt = noticeEndsAt;',
  '',
)
base('a notice prolongs the order', 'noticeEndsAt != 0 && noticeEndsAt < endsAt', 'noticeEndsAt != 0')
base('pledge of one week', '_weekPrice(bill, capacity) * bill.pledgeRate', '_weekPrice(bill, capacity)')
base('price per MiB', 'uint256(bill.price) * capacity / MIB_PER_GIB', 'uint256(bill.price) * capacity')
base(
  'numbers at their maximum are refused',
  'if (value > max) revert OutOfRange',
  'if (value >= max) revert OutOfRange',
)
base('anybody is the owner', 'if (msg.sender != owner) revert NotOwner(owner, msg.sender);', '')
base('anybody is an operator', 'if (scopes == 0) revert OperatorUnknown(owner, msg.sender);', '')
base('operators never expire', 'if (block.timestamp > authorisation.expiresAt) {', 'if (false) {')
base(
  'operators expire a second early',
  'if (block.timestamp > authorisation.expiresAt) {',
  'if (block.timestamp >= authorisation.expiresAt) {',
)
base('any scope will do', 'if (scopes & scope == 0) revert OperatorScope(scope, scopes);', '')
base(
  'scopes as alternatives',
  'authorisation.scopes & scope != 0 && block',
  'authorisation.scopes != 0 && block',
)
base('expired signers count', '&& block.timestamp <= authorisation.expiresAt', '')
base(
  'signers expire a second early',
  'block.timestamp <= authorisation.expiresAt',
  'block.timestamp < authorisation.expiresAt',
)
base('wishes to end survive', 'order.endStatedByUser = 0;', '')
base("the miner's wish to end survives", 'order.endStatedByMiner = 0;', '')
base(
  'money in is not tracked',
  '_totals.tracked = uint176(_fit(uint256(_totals.tracked) + amount, type(uint176).max));',
  '',
)
base('fees pass', 'if (received != amount) revert TransferAmountMismatch(amount, received);', '')
base(
  'money out is not tracked',
  '_totals.tracked -= uint176(amount);\n        TOKEN.safeTransfer(to, amount);',
  'TOKEN.safeTransfer(to, amount);',
)
base('burns are not tracked', '_totals.tracked -= uint176(amount);\n        ERC20Burnable', 'ERC20Burnable')
base('a credit replaces the one before', 'credit[account] += amount;', 'credit[account] = amount;')
base(
  'a token that lies meets a panic',
  'unchecked {\n            received = TOKEN.balanceOf(address(this)) - before;\n        }',
  'received = TOKEN.balanceOf(address(this)) - before;',
)

const operators = of('parts/Operators.sol')
operators('no reentrancy guard', 'external payable nonReentrant {', 'external payable {')
operators(
  "anybody sets a bill's endpoint",
  '_authorise(miner, ENDPOINT);\n        _setEndpoint(miner, billId, url);',
  '_setEndpoint(miner, billId, url);',
)
operators(
  'anybody sets a default endpoint',
  '_authorise(miner, ENDPOINT);\n        _setEndpoint(miner, 0, url);',
  '_setEndpoint(miner, 0, url);',
)
operators(
  'endpoints under the caller',
  '_endpoints[miner][billId] = url;',
  '_endpoints[msg.sender][billId] = url;',
)
operators(
  'long endpoints',
  'if (bytes(url).length > MAX_URL_BYTES) revert TextTooLong(MAX_URL_BYTES, bytes(url).length);',
  '',
)
operators('oneself as operator', '|| operator == msg.sender', '')
operators('unknown scopes', 'if (scopes > ALL_SCOPES) revert UnknownScopes(ALL_SCOPES, scopes);', '')
operators(
  'a revocation takes money',
  'if (msg.value != 0) revert UnexpectedValue(0, msg.value);\n            expiresAt',
  'expiresAt',
)
operators(
  'authorised in the past',
  'expiresAt < block.timestamp || expiresAt > type(uint40).max',
  'expiresAt > type(uint40).max',
)
operators(
  'an expiry that wraps',
  'expiresAt < block.timestamp || expiresAt > type(uint40).max',
  'expiresAt < block.timestamp',
)
operators(
  'a value without an operator stays',
  'else if (msg.value != 0) revert UnexpectedValue(0, msg.value);',
  '',
)
operators(
  'the float is not sent',
  '(bool success,) = operator.call{value: msg.value}("");',
  'bool success = true;',
)
operators(
  'a float that is not taken is kept',
  'if (!success) revert GasFloatFailed(operator, msg.value);',
  '',
)

const bills = of('parts/Bills.sol')
bills('shrunk by anybody', '_onlyOwner(bill.miner);', '')
bills(
  'shrunk after cancelling',
  'if (bill.cancelled) revert BillIsCancelled(billId);\n        if (capacity == 0)',
  'if (capacity == 0)',
)
bills(
  'shrunk by parts of a step',
  'if (capacity % bill.step != 0) revert NotMultiple(bill.step, capacity);',
  '',
)
bills('free capacity stays after shrinking', 'bill.free -= uint32(capacity);', '')
bills(
  'cancelled twice',
  'if (bill.cancelled) revert BillIsCancelled(billId);\n        if (msg.sender',
  'if (msg.sender',
)
bills(
  'cancelled by anybody',
  'if (msg.sender != bill.miner && block.timestamp <= bill.expiresAt) {',
  'if (false) {',
)
bills('cancelled a second early', 'block.timestamp <= bill.expiresAt', 'block.timestamp < bill.expiresAt')
bills('not marked as cancelled', 'bill.cancelled = true;', '')
bills('cancelled but still free', 'bill.free = 0;', '')
bills(
  'the canceller gets the pledge',
  'emit BillCancelled(billId, msg.sender, freed);\n        _credit(bill.miner, freed);',
  'emit BillCancelled(billId, msg.sender, freed);\n        _credit(msg.sender, freed);',
)
bills('the same id again', '_totals.nextBill = uint40(billId + 1);', '')
bills('the bond is forgotten', 'bill.bond = uint128(terms.bond);', '')
bills('a price that rounds', 'terms.price * terms.step % MIB_PER_GIB != 0', 'false')
bills('no minimum of weeks', 'terms.minWeeks == 0 || ', '')
bills('expired at birth', 'terms.expiresAt < block.timestamp || ', '')
bills('offered for ever', ' || terms.expiresAt > block.timestamp + MAX_BILL_TERM', '')
bills('bills are not linked', 'newestBillOf[msg.sender] = billId;', '')

const orders = of('parts/Orders.sol')
orders('prepared by anybody', '_authorise(side == USER ? order.user : miner, PREPARE);', '')
orders(
  'prepared by the other side',
  'side == USER ? order.user : miner, PREPARE',
  'side == USER ? miner : order.user, PREPARE',
)
orders(
  'sides share a slot',
  'Statement storage mine = _statement(order, side);',
  'Statement storage mine = _statement(order, USER);',
)
orders(
  'a statement in memory',
  'Statement storage mine = _statement(order, side);',
  'Statement memory mine = _statement(order, side);',
)
orders(
  'roots need not agree',
  'root != 0 && theirs.root == root && theirs.leaves == leaves',
  'root != 0 && theirs.leaves == leaves',
)
orders('sizes need not agree', 'theirs.leaves == leaves && ', '')
orders(
  'an emptied place counts',
  '&& theirs.signer != address(0)\n                && _isAuthorised(side == USER ? miner : order.user, theirs.signer, PREPARE)',
  '',
)
orders(
  'revoked signers count',
  '\n                && _isAuthorised(side == USER ? miner : order.user, theirs.signer, PREPARE)',
  '',
)
orders(
  'the signer is checked for its own side',
  '_isAuthorised(side == USER ? miner : order.user,',
  '_isAuthorised(side == USER ? order.user : miner,',
)
orders(
  'old statements survive an agreement',
  'if (mine.signer != address(0)) mine.signer = address(0);\n            _agree',
  '_agree',
)
orders('the old commitment counts as a statement', '_statement(order, side).signer = address(0);', '')
orders(
  'places are not exchanged',
  'order.places = uint8(places ^ (swap << (2 * side)) ^ (swap << (2 * IN_FORCE)));',
  '',
)
orders('refused by anybody', '_authorise(bill.miner, REFUSE);', '')
orders(
  'refused while active',
  '_inState(order, OrderState.Preparing);\n        Bill storage bill',
  'Bill storage bill',
)
orders('refused and still preparing', 'order.state = OrderState.Refused;', '')
orders(
  'cancelled while active',
  '_inState(order, OrderState.Preparing);\n        uint256 deadline',
  'uint256 deadline',
)
orders(
  'cancelled by anybody',
  'if (msg.sender != order.user && block.timestamp <= deadline) {',
  'if (false) {',
)
orders(
  'cancelled by others a second early',
  'msg.sender != order.user && block.timestamp <= deadline',
  'msg.sender != order.user && block.timestamp < deadline',
)
orders('capacity is not taken', 'bill.free -= uint32(terms.capacity);', '')
orders(
  'an order in memory',
  'Order storage order = _orders[orderId];',
  'Order memory order = _orders[orderId];',
)
orders('the reserve is not kept', 'order.reserve = uint128(_fit(reserve, type(uint128).max));', '')
orders('the reserve is not paid', '_pull(escrow + reserve);', '_pull(escrow);')
orders('orders are not linked', 'newestOrderOf[msg.sender] = orderId;', '')
orders(
  'another miner than the user saw',
  'if (bill.miner != terms.expectedMiner) revert MinerChanged(terms.expectedMiner, bill.miner);',
  '',
)
orders('orders from oneself', 'if (bill.miner == msg.sender) revert SelfOrder(msg.sender);', '')
orders('orders on cancelled bills', 'if (bill.cancelled) revert BillIsCancelled(terms.billId);', '')
orders(
  'orders on expired bills',
  'if (block.timestamp > bill.expiresAt) revert BillExpired(bill.expiresAt, block.timestamp);',
  '',
)
orders(
  'orders of parts of a step',
  'if (terms.capacity % bill.step != 0) revert NotMultiple(bill.step, terms.capacity);',
  '',
)
orders('a longer term than the bill allows', ' || terms.weeks_ > bill.maxWeeks', '')
orders(
  'a higher price than the user allows',
  'if (bill.price > terms.maxPrice) revert PriceTooHigh(terms.maxPrice, bill.price);',
  '',
)
orders(
  'a lower pledge than the user wants',
  'bill.pledgeRate < terms.minPledgeRate',
  'bill.pledgeRate > terms.minPledgeRate',
)
orders(
  'a higher bond than the user allows',
  'if (bill.bond > terms.maxBond) revert BondTooHigh(terms.maxBond, bill.bond);',
  '',
)
orders(
  'first agreements for ever',
  'if (block.timestamp > deadline) revert PrepareWindowOver(deadline, block.timestamp);',
  '',
)
orders('data above the capacity', 'if (size > max) revert SizeTooLarge(max, size);', '')
orders('data that shrink', 'if (size < min) revert SizeShrinks(min, size);', '')
orders('partial leaves', 'size == 0 || size % LeafTree.LEAF_BYTES != 0', 'size == 0')
orders('the order never starts', 'order.start = uint40(block.timestamp);', '')
orders(
  'capacity comes back to dead bills',
  'returned = !bill.cancelled && block.timestamp <= bill.expiresAt;',
  'returned = true;',
)
orders(
  'capacity never comes back',
  'returned = !bill.cancelled && block.timestamp <= bill.expiresAt;',
  'returned = false;',
)
orders('the reserve is not refunded', 'order.weeks_ + order.reserve;', 'order.weeks_;')
orders('the miner gets the refund', '_credit(order.user, refund);', '_credit(bill.miner, refund);')

const challenges = of('parts/Challenges.sol')
challenges('challenged by anybody', '_authorise(order.user, CHALLENGE);', '')
challenges('leaves past the data', 'leafIndex >= leaves', 'leafIndex > leaves')
challenges(
  'no cooldown',
  'if (block.timestamp < order.until) revert CooldownActive(order.until, block.timestamp);',
  '',
)
challenges('a cooldown a second longer', 'block.timestamp < order.until', 'block.timestamp <= order.until')
challenges(
  'challenges without a bond',
  'if (order.reserve < bond) revert ReserveTooSmall(bond, order.reserve);',
  '',
)
challenges('leaf 0 is no question', 'uint48(leafIndex + 1)', 'uint48(leafIndex)')
challenges('wishes to end survive a challenge', '_clearEnd(orderId, order);', '')
challenges(
  'late answers',
  'if (block.timestamp > order.until) revert AnswerTooLate(order.until, block.timestamp);',
  '',
)
challenges(
  'answers a second early late',
  'if (block.timestamp > order.until) revert AnswerTooLate',
  'if (block.timestamp >= order.until) revert AnswerTooLate',
)
challenges('any answer will do', 'if (computed != root) revert InvalidProof(root, computed);', '')
challenges('answered and still open', 'order.question = 0;', '')
challenges('no cooldown after an answer', 'order.until = uint40(block.timestamp + COOLDOWN);', '')
challenges('the bond is paid twice', 'order.reserve -= bond;', '')
challenges('the answerer earns the bond', '_credit(bill.miner, bond);', '_credit(msg.sender, bond);')
challenges(
  'slashed in time',
  'if (block.timestamp <= order.until) revert AnswerNotLate(order.until, block.timestamp);',
  '',
)
challenges('slashed a second early', 'block.timestamp <= order.until', 'block.timestamp < order.until')
challenges('slashed without a challenge', 'if (order.question == 0) revert NoChallenge(orderId);', '')
challenges('slashed twice', 'order.state = OrderState.Slashed;', '')
challenges('claims come back twice', ' - order.claimed', '')
challenges('shares swapped', 'pledge * USER_SHARE / BASIS_POINTS', 'pledge * REPORTER_SHARE / BASIS_POINTS')
challenges('the slasher gets the reward', '_credit(rewardTo, reward);', '_credit(msg.sender, reward);')
challenges("the miner gets the user's part", '_credit(order.user, toUser);', '_credit(bill.miner, toUser);')
challenges('nothing is burned', '_burn(pledge - share - reward);', '')
challenges(
  'operators of the user earn',
  'if (_operators[user][rewardTo].scopes != 0) revert RewardToOperator(user, rewardTo);',
  '',
)
challenges(
  'operators of the miner earn',
  'if (_operators[miner][rewardTo].scopes != 0) revert RewardToOperator(miner, rewardTo);',
  '',
)
challenges('a side blocks the other', 'if (rewardTo == user || rewardTo == miner) return;', '')
challenges('nobody gets the reward', 'rewardTo == address(0) || ', '')

const settlement = of('parts/Settlement.sol')
settlement(
  'extended by anybody',
  '_onlyOwner(order.user);\n        if (order.noticeEndsAt',
  'if (order.noticeEndsAt',
)
settlement(
  'extended after notice',
  'if (order.noticeEndsAt != 0) revert NoticeGiven(order.noticeEndsAt);\n        Bill',
  'Bill',
)
settlement('extended on a cancelled bill', 'if (bill.cancelled) revert BillIsCancelled(order.billId);', '')
settlement(
  'extended on an expired bill',
  'if (block.timestamp > bill.expiresAt) revert BillExpired(bill.expiresAt, block.timestamp);',
  '',
)
settlement(
  'extended at any price',
  'if (bill.price > maxPrice) revert PriceTooHigh(maxPrice, bill.price);',
  '',
)
settlement('extended without end', 'if (endsAt > latest) revert EndTooLate(latest, endsAt);', '')
settlement('extended for nothing', '_pull(cost);', '')
settlement('extended by no weeks', 'weeks_ == 0 || ', '')
settlement(
  'shortened by anybody',
  '_onlyOwner(order.user);\n        Bill storage bill = _bills[order.billId];\n        uint256 current',
  'Bill storage bill = _bills[order.billId];\n        uint256 current',
)
settlement('shortened below the minimum', 'weeks_ < bill.minWeeks || ', '')
settlement('shortened to more', ' || weeks_ >= current', '')
settlement(
  'shortened into the past',
  'if (endsAt < block.timestamp) revert EndInPast(block.timestamp, endsAt);',
  '',
)
settlement(
  'shortened to now is refused',
  'if (endsAt < block.timestamp) revert EndInPast',
  'if (endsAt <= block.timestamp) revert EndInPast',
)
settlement('the excess is not credited', '_credit(order.user, refund);', '')
settlement(
  'topped up after the end',
  'if (order.state != OrderState.Preparing) _inState(order, OrderState.Active);',
  '',
)
settlement('topped up for nothing', '_pull(amount);', '')
settlement('topped up with nothing', 'if (amount == 0) revert ZeroAmount();', '')
settlement('claimed again and again', 'order.claimed += uint112(amount);', '')
settlement('claims without delay', 'uint256 t = block.timestamp - WEEK;', 'uint256 t = block.timestamp;')
settlement('claims past the end', 'if (t > endsAt) t = endsAt;', '')
settlement(
  'finished a second early',
  'if (block.timestamp <= endsAt) revert OrderNotOver',
  'if (block.timestamp < endsAt) revert OrderNotOver',
)
settlement(
  'finished any time',
  'if (block.timestamp <= endsAt) revert OrderNotOver(endsAt, block.timestamp);',
  '',
)
settlement('a notice costs nothing', 'ending == Ending.Notice ? pledge * QUIT_SHARE / BASIS_POINTS : 0', '0')
settlement(
  'every end costs a share',
  'ending == Ending.Notice ? pledge * QUIT_SHARE / BASIS_POINTS : 0',
  'pledge * QUIT_SHARE / BASIS_POINTS',
)
settlement(
  'ended by anybody',
  'if (!byUser && msg.sender != miner) revert NotParty(order.user, miner, msg.sender);',
  '',
)
settlement(
  'one wish ends',
  'order.endStatedByUser >= block.timestamp && order.endStatedByMiner >= block.timestamp',
  'order.endStatedByUser >= block.timestamp || order.endStatedByMiner >= block.timestamp',
)
settlement(
  'wishes stand for ever',
  'order.endStatedByUser >= block.timestamp && order.endStatedByMiner >= block.timestamp',
  'order.endStatedByUser != 0 && order.endStatedByMiner != 0',
)
settlement('quit by anybody', '_onlyOwner(_bills[order.billId].miner);', '')
settlement(
  'quit twice',
  'if (order.noticeEndsAt != 0) revert NoticeGiven(order.noticeEndsAt);\n        uint256 noticeEndsAt',
  'uint256 noticeEndsAt',
)
settlement(
  'quit at the last moment',
  'if (noticeEndsAt >= endsAt) revert',
  'if (noticeEndsAt > endsAt) revert',
)
settlement('withdrawn again and again', 'credit[account] = 0;', '')
settlement('the caller gets the credit', '_push(account, amount);', '_push(msg.sender, amount);')
settlement('settled and still active', 'order.state = OrderState.Ended;', '')
settlement('claims are paid twice', 'earned - order.claimed + pledge - share', 'earned + pledge - share')
settlement('the pledge stays', 'earned - order.claimed + pledge - share', 'earned - order.claimed')
settlement('the reserve stays', '- earned + order.reserve + share', '- earned + share')
settlement(
  'payees swapped',
  '_credit(order.user, toUser);\n        _credit(bill.miner, toMiner);',
  '_credit(order.user, toMiner);\n        _credit(bill.miner, toUser);',
)

const market = of('Market.sol')
market(
  'no guard on the first order',
  'external\n        payable\n        nonReentrant\n        returns (uint256 orderId)',
  'external\n        payable\n        returns (uint256 orderId)',
)
market('a bad permit reverts', 'catch {}', 'catch { revert(); }')
market('permits are not used', 'if (permit.value == 0) return;', 'return;')
market('failed calls pass', 'if (!success) {', 'if (false) {')
market(
  'the float of a first order stays',
  'orderId = _createOrder(order);\n        _sendGasFloat(grant.operator);',
  'orderId = _createOrder(order);',
)
market(
  'the first endpoint is forgotten',
  'if (bytes(endpoint).length != 0) _setEndpoint(msg.sender, billId, endpoint);',
  '',
)

export const MUTANTS: readonly Mutant[] = mutants
