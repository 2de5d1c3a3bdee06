// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {IMarketEvents} from "../../src/IMarketEvents.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

contract SetEndpointTest is MarketFixture {
    string private constant URL = "https://miner.example.net:8443#spki=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    function _text(uint256 length) private pure returns (string memory) {
        return string(new bytes(length));
    }

    function test_aBillsEndpointOrTheMinersDefault() public {
        uint256 one = _bill();
        uint256 two = _bill();
        vm.assertEq(market.endpointOf(one), "");
        vm.expectEmit(address(market));
        emit IMarketEvents.EndpointSet(miner, one, URL);
        vm.prank(miner);
        market.setEndpoint(one, URL);
        vm.expectEmit(address(market));
        emit IMarketEvents.EndpointSet(miner, 0, "https://all:1");
        vm.prank(miner);
        market.setEndpoint(0, "https://all:1");
        vm.assertEq(market.endpointOf(one), URL);
        vm.assertEq(market.endpointOf(two), "https://all:1");
        vm.assertEq(market.defaultEndpointOf(miner), "https://all:1");
        vm.assertEq(market.defaultEndpointOf(user), "");
        vm.prank(miner);
        market.setEndpoint(one, "");
        vm.assertEq(market.endpointOf(one), "https://all:1");
    }

    function test_anotherMinersDefaultIsNotTouched() public {
        uint256 billId = _bill();
        vm.prank(other);
        market.setEndpoint(0, "https://evil:1");
        vm.assertEq(market.endpointOf(billId), "");
        vm.assertEq(market.defaultEndpointOf(other), "https://evil:1");
    }

    function test_anOperatorSetsTheDefaultByName() public {
        _authorise(miner, minerAgent, ENDPOINT);
        vm.prank(minerAgent);
        market.setDefaultEndpoint(miner, URL);
        vm.assertEq(market.defaultEndpointOf(miner), URL);
        vm.prank(miner);
        market.setDefaultEndpoint(miner, "");
        vm.assertEq(market.defaultEndpointOf(miner), "");
        _expect(abi.encodeWithSelector(IMarketErrors.OperatorUnknown.selector, miner, stranger));
        vm.prank(stranger);
        market.setDefaultEndpoint(miner, URL);
    }

    function test_at256BytesNotMore() public {
        uint256 billId = _bill();
        vm.startPrank(miner);
        market.setEndpoint(billId, _text(256));
        vm.assertEq(bytes(market.endpointOf(billId)).length, 256);
        _expect(abi.encodeWithSelector(IMarketErrors.TextTooLong.selector, 256, 257));
        market.setEndpoint(billId, _text(257));
        _expect(abi.encodeWithSelector(IMarketErrors.TextTooLong.selector, 256, 257));
        market.setEndpoint(0, _text(257));
        _expect(abi.encodeWithSelector(IMarketErrors.TextTooLong.selector, 256, 257));
        market.setDefaultEndpoint(miner, _text(257));
        // A shorter text leaves nothing of the longer one.
        market.setEndpoint(billId, "x");
        vm.assertEq(market.endpointOf(billId), "x");
        vm.stopPrank();
    }

    function test_unknownBill() public {
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownBill.selector, 1));
        market.setEndpoint(1, URL);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownBill.selector, 1));
        market.endpointOf(1);
    }
}
