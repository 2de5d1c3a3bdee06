// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {IMarketEvents} from "../../src/IMarketEvents.sol";
import {BillView, Grant, OrderState, OrderView, Permit} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

contract OpenTest is MarketFixture {
    uint256 private constant KEY = 0xA11CE;
    address private signer;

    function setUp() public override {
        super.setUp();
        signer = vm.addr(KEY);
        token.transfer(signer, FUNDS);
        vm.deal(signer, 10 ether);
        accounts.push(signer);
    }

    function _permit(uint256 value) private view returns (Permit memory permit) {
        permit.value = value;
        permit.deadline = block.timestamp + 100;
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1901",
                token.DOMAIN_SEPARATOR(),
                keccak256(
                    abi.encode(
                        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                        signer,
                        address(market),
                        value,
                        token.nonces(signer),
                        permit.deadline
                    )
                )
            )
        );
        (permit.v, permit.r, permit.s) = vm.sign(KEY, digest);
    }

    function _grant() private view returns (Grant memory) {
        return Grant(userAgent, PREPARE | CHALLENGE, block.timestamp + WEEK);
    }

    function _noPermit() private pure returns (Permit memory permit) {}

    function _noGrant() private pure returns (Grant memory grant) {}

    function test_aFirstOrderInOneTransaction() public {
        uint256 billId = _bill();
        Permit memory permit = _permit(COST + RESERVE);
        vm.expectEmit(address(market));
        emit IMarketEvents.OperatorSet(signer, userAgent, 3, T0 + WEEK, 0.5 ether);
        vm.prank(signer);
        uint256 orderId = market.openAsUser{value: 0.5 ether}(permit, _grant(), _orderTerms(billId));
        OrderView memory order = market.getOrder(orderId);
        vm.assertEq(order.user, signer);
        vm.assertEq(order.escrow, COST);
        vm.assertEq(market.newestOrderOf(signer), orderId);
        vm.assertEq(userAgent.balance, 0.5 ether);
        vm.assertEq(address(market).balance, 0);
        vm.assertEq(token.allowance(signer, address(market)), 0);
        _assertSolvent();
        _prepare(userAgent, orderId, USER, root, SIZE);
        _prepare(miner, orderId, MINER, root, SIZE);
        _assertState(orderId, OrderState.Active);
    }

    function test_aFirstBillInOneTransaction() public {
        uint256 pledge = PRICE * BILL_CAPACITY / 1024 * PLEDGE_RATE;
        Permit memory permit = _permit(pledge);
        vm.expectEmit(address(market));
        emit IMarketEvents.EndpointSet(signer, 1, "https://me:2");
        vm.prank(signer);
        uint256 billId = market.openAsMiner{value: 0.1 ether}(permit, _grant(), _billTerms(), "https://me:2");
        BillView memory bill = market.getBill(billId);
        vm.assertEq(bill.miner, signer);
        vm.assertEq(bill.pledge, pledge);
        vm.assertEq(market.endpointOf(billId), "https://me:2");
        vm.assertEq(market.defaultEndpointOf(signer), "");
        vm.assertEq(userAgent.balance, 0.1 ether);
        _assertSolvent();
    }

    function test_aPermitThatSomebodySentBeforeIsHarmless() public {
        uint256 billId = _bill();
        Permit memory permit = _permit(COST + RESERVE);
        vm.prank(stranger);
        token.permit(signer, address(market), permit.value, permit.deadline, permit.v, permit.r, permit.s);
        vm.prank(signer);
        market.openAsUser(permit, _noGrant(), _orderTerms(billId));
        _assertSolvent();
    }

    function test_aBadPermitShowsAsAMissingAllowance() public {
        uint256 billId = _bill();
        Permit memory permit = _permit(COST + RESERVE);
        permit.s = bytes32(uint256(1));
        _expect(
            abi.encodeWithSignature(
                "ERC20InsufficientAllowance(address,uint256,uint256)", address(market), 0, COST + RESERVE
            )
        );
        vm.prank(signer);
        market.openAsUser(permit, _noGrant(), _orderTerms(billId));
    }

    function test_withoutPermitOnlyTheAllowanceCounts() public {
        uint256 billId = _bill();
        vm.startPrank(signer);
        token.approve(address(market), type(uint256).max);
        uint256 orderId = market.openAsUser(_noPermit(), _noGrant(), _orderTerms(billId));
        market.openAsMiner(_noPermit(), _noGrant(), _billTerms(), "");
        vm.stopPrank();
        vm.assertEq(market.getOrder(orderId).user, signer);
        vm.assertEq(market.endpointOf(2), "");
        vm.assertEq(token.nonces(signer), 0);
        _assertSolvent();
    }

    function test_valueWithoutAnOperatorIsRefused() public {
        uint256 billId = _bill();
        vm.startPrank(signer);
        token.approve(address(market), type(uint256).max);
        _expect(abi.encodeWithSelector(IMarketErrors.UnexpectedValue.selector, 0, 7));
        market.openAsUser{value: 7}(_noPermit(), _noGrant(), _orderTerms(billId));
        _expect(abi.encodeWithSelector(IMarketErrors.UnexpectedValue.selector, 0, 7));
        market.openAsMiner{value: 7}(_noPermit(), _noGrant(), _billTerms(), "");
        vm.stopPrank();
    }

    function test_theOperatorIsCheckedAsInSetOperator() public {
        uint256 billId = _bill();
        Grant memory grant = _grant();
        vm.startPrank(signer);
        token.approve(address(market), type(uint256).max);
        grant.operator = signer;
        _expect(abi.encodeWithSelector(IMarketErrors.BadOperator.selector, signer));
        market.openAsUser(_noPermit(), grant, _orderTerms(billId));
        grant = _grant();
        grant.scopes = 16;
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownScopes.selector, 15, 16));
        market.openAsMiner(_noPermit(), grant, _billTerms(), "");
        vm.stopPrank();
    }

    function test_theOrderIsCheckedAsInCreateOrder() public {
        uint256 billId = _bill();
        vm.startPrank(miner);
        _expect(abi.encodeWithSelector(IMarketErrors.SelfOrder.selector, miner));
        market.openAsUser(_noPermit(), _noGrant(), _orderTerms(billId));
        vm.stopPrank();
        string memory long = string(new bytes(257));
        _expect(abi.encodeWithSelector(IMarketErrors.TextTooLong.selector, 256, 257));
        vm.prank(miner);
        market.openAsMiner(_noPermit(), _noGrant(), _billTerms(), long);
    }
}
