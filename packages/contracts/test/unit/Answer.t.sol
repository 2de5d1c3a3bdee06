// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {IMarketEvents} from "../../src/IMarketEvents.sol";
import {LeafTree} from "../../src/libraries/LeafTree.sol";
import {BillTerms, OrderState, OrderTerms, OrderView} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

contract AnswerTest is MarketFixture {
    uint256 private orderId;
    bytes private leaf;
    bytes32[] private path;

    function setUp() public override {
        super.setUp();
        orderId = _challenged();
        leaf = tree.leafOf(SEED + 3);
        path = tree.pathOf(SEED, LEAVES, DEPTH, 3);
    }

    function _refused(bytes memory leaf_, bytes32[] memory path_) private {
        vm.expectPartialRevert(IMarketErrors.InvalidProof.selector);
        market.answer(orderId, leaf_, path_);
        vm.assertEq(market.getOrder(orderId).challenge.leafIndex, 3);
    }

    function test_aValidAnswerEarnsTheBond() public {
        vm.expectEmit(address(market));
        emit IMarketEvents.ChallengeAnswered(orderId, 3, BOND, stranger);
        vm.prank(stranger);
        market.answer(orderId, leaf, path);
        OrderView memory order = market.getOrder(orderId);
        vm.assertEq(order.challenge.deadline, 0);
        vm.assertEq(order.reserve, RESERVE - BOND);
        vm.assertEq(order.nextChallengeAt, T0 + 3_600);
        vm.assertEq(market.credit(miner), BOND);
        vm.assertEq(market.credit(stranger), 0);
        _assertState(orderId, OrderState.Active);
        _assertSolvent();
    }

    function test_accrualGoesOnAsIfNothingHadHappened() public {
        vm.warp(T0 + DAY);
        market.answer(orderId, leaf, path);
        vm.warp(T0 + 3 * WEEK);
        market.claim(orderId);
        vm.assertEq(market.credit(miner), BOND + 2 * WEEK_PRICE);
        vm.warp(T0 + WEEKS * WEEK + 1);
        market.finish(orderId);
        vm.assertEq(market.credit(miner), BOND + COST + PLEDGE);
        vm.assertEq(market.credit(user), RESERVE - BOND);
        _assertSolvent();
    }

    function test_untilTheDeadlineNotLater() public {
        uint256 deadline = T0 + DAY;
        vm.warp(deadline + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.AnswerTooLate.selector, deadline, deadline + 1));
        market.answer(orderId, leaf, path);
        vm.warp(deadline);
        market.answer(orderId, leaf, path);
    }

    function test_answeredOnce() public {
        market.answer(orderId, leaf, path);
        _expect(abi.encodeWithSelector(IMarketErrors.NoChallenge.selector, orderId));
        market.answer(orderId, leaf, path);
        _skip(100 * WEEK);
        _expect(abi.encodeWithSelector(IMarketErrors.NoChallenge.selector, orderId));
        market.slash(orderId, stranger);
    }

    function test_everyLeafHasItsOwnAnswer() public {
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < LEAVES; ++i) {
            vm.revertToState(snapshot);
            market.answer(orderId, leaf, path);
            _skip(DAY);
            vm.prank(user);
            market.challenge(orderId, i);
            bytes memory right = tree.leafOf(SEED + i);
            bytes32[] memory way = tree.pathOf(SEED, LEAVES, DEPTH, i);
            if (i != 3) {
                vm.expectPartialRevert(IMarketErrors.InvalidProof.selector);
                market.answer(orderId, leaf, path);
                vm.expectPartialRevert(IMarketErrors.InvalidProof.selector);
                market.answer(orderId, right, path);
                vm.expectPartialRevert(IMarketErrors.InvalidProof.selector);
                market.answer(orderId, leaf, way);
            }
            market.answer(orderId, right, way);
        }
    }

    // ------------------------------------------------------------------ what is no proof

    function test_theTwoChildrenOfANodeAreNoLeaf() public {
        // The 64-byte preimage: left || right of the leaf's parent hash to that parent, and the rest of the path is right.
        bytes memory children = bytes.concat(path[0], sha256(leaf));
        bytes32[] memory shorter = new bytes32[](DEPTH - 1);
        for (uint256 i = 0; i < DEPTH - 1; ++i) {
            shorter[i] = path[i + 1];
        }
        _expect(abi.encodeWithSelector(LeafTree.LeafLength.selector, 1024, 64));
        market.answer(orderId, children, shorter);
        // Also not with the path's length kept, nor with the children filled up to a leaf.
        _expect(abi.encodeWithSelector(LeafTree.LeafLength.selector, 1024, 64));
        market.answer(orderId, children, path);
        _refused(bytes.concat(children, new bytes(960)), path);
        _expect(abi.encodeWithSelector(LeafTree.PathLength.selector, DEPTH, DEPTH - 1));
        market.answer(orderId, bytes.concat(children, new bytes(960)), shorter);
    }

    function test_theRootItselfIsNoProof() public {
        _expect(abi.encodeWithSelector(LeafTree.LeafLength.selector, 1024, 32));
        market.answer(orderId, abi.encode(root), new bytes32[](0));
        _expect(abi.encodeWithSelector(LeafTree.LeafLength.selector, 1024, 0));
        market.answer(orderId, "", new bytes32[](0));
    }

    function test_shortAndLongPaths() public {
        uint256[3] memory lengths = [uint256(0), DEPTH - 1, DEPTH + 1];
        for (uint256 k = 0; k < lengths.length; ++k) {
            bytes32[] memory wrong = new bytes32[](lengths[k]);
            for (uint256 i = 0; i < wrong.length && i < DEPTH; ++i) {
                wrong[i] = path[i];
            }
            _expect(abi.encodeWithSelector(LeafTree.PathLength.selector, DEPTH, lengths[k]));
            market.answer(orderId, leaf, wrong);
        }
    }

    function test_shortAndLongLeaves() public {
        _expect(abi.encodeWithSelector(LeafTree.LeafLength.selector, 1024, 1023));
        market.answer(orderId, new bytes(1023), path);
        _expect(abi.encodeWithSelector(LeafTree.LeafLength.selector, 1024, 1025));
        market.answer(orderId, bytes.concat(leaf, hex"00"), path);
    }

    function test_anyChangedBitOfTheLeafOrThePath() public {
        for (uint256 i = 0; i < DEPTH; ++i) {
            bytes32[] memory wrong = path;
            wrong[i] ^= bytes32(uint256(1) << (i * 11 % 256));
            _refused(leaf, wrong);
        }
        uint256[6] memory places = [uint256(0), 31, 32, 511, 1022, 1023];
        for (uint256 i = 0; i < places.length; ++i) {
            bytes memory wrong = leaf;
            wrong[places[i]] ^= 0x80;
            _refused(wrong, path);
        }
    }

    function test_siblingsInTheWrongOrder() public {
        bytes32[] memory wrong = path;
        (wrong[0], wrong[1]) = (wrong[1], wrong[0]);
        _refused(leaf, wrong);
    }

    function test_theProofOfAnotherLeaf() public {
        _refused(tree.leafOf(SEED + 2), tree.pathOf(SEED, LEAVES, DEPTH, 2));
        _refused(tree.leafOf(SEED + 4), tree.pathOf(SEED, LEAVES, DEPTH, 4));
    }

    function test_theProofOfAnotherOrder() public {
        uint256 second = _order(1);
        bytes32 otherRoot = tree.rootOf(1000, LEAVES, DEPTH);
        _agree(second, otherRoot, SIZE);
        vm.prank(user);
        market.challenge(second, 3);
        bytes memory otherLeaf = tree.leafOf(1003);
        bytes32[] memory otherPath = tree.pathOf(1000, LEAVES, DEPTH, 3);
        _refused(otherLeaf, otherPath);
        vm.expectPartialRevert(IMarketErrors.InvalidProof.selector);
        market.answer(second, leaf, path);
        market.answer(second, otherLeaf, otherPath);
        market.answer(orderId, leaf, path);
        _assertSolvent();
    }

    function test_theProofOfTheCommitmentBefore() public {
        market.answer(orderId, leaf, path);
        bytes32 newRoot = tree.rootOf(2000, LEAVES, DEPTH);
        _agree(orderId, newRoot, SIZE);
        _skip(DAY);
        vm.prank(user);
        market.challenge(orderId, 3);
        _refused(leaf, path);
        market.answer(orderId, tree.leafOf(2003), tree.pathOf(2000, LEAVES, DEPTH, 3));
    }

    function test_theErrorNamesBothRoots() public {
        bytes32[] memory wrong = new bytes32[](DEPTH);
        bytes32 node = sha256(leaf);
        for (uint256 i = 0; i < DEPTH; ++i) {
            // 3 = 0b11: right, right, then always left.
            node = i < 2 ? sha256(bytes.concat(bytes32(0), node)) : sha256(bytes.concat(node, bytes32(0)));
        }
        _expect(abi.encodeWithSelector(IMarketErrors.InvalidProof.selector, root, node));
        market.answer(orderId, leaf, wrong);
    }

    function test_aWrongAnswerNeverSlashes() public {
        _refused(new bytes(1024), path);
        _assertState(orderId, OrderState.Active);
        vm.assertEq(market.credit(user), 0);
        _assertSolvent();
        market.answer(orderId, leaf, path);
    }

    function test_tooLittleGasForTheHashesIsNoAnswer() public {
        // Whatever gas a caller gives: either everything is checked, or everything reverts.
        bytes memory call_ = abi.encodeCall(market.answer, (orderId, leaf, path));
        bytes memory wrong = abi.encodeCall(market.answer, (orderId, new bytes(1024), path));
        uint256 snapshot = vm.snapshotState();
        bool once;
        for (uint256 gas_ = 2_000; gas_ < 160_000; gas_ += 1_500) {
            (bool success,) = address(market).call{gas: gas_}(call_);
            once = once || success;
            vm.assertEq(market.credit(miner), success ? BOND : 0, "bond without an answer");
            vm.revertToState(snapshot);
            (success,) = address(market).call{gas: gas_}(wrong);
            vm.assertFalse(success);
        }
        vm.assertTrue(once);
    }

    /// @dev A hash that fails writes nothing, so the left half of what should have been hashed would pass for its result.
    function test_aFailedHashIsNoResult() public {
        uint256 id = _fullMegabyte();
        bytes32[] memory way = tree.pathOf(SEED, 2, 10, 0);
        bytes memory first = tree.leafOf(SEED);
        // The last hash: the root itself as the left sibling of whatever comes up.
        bytes32 stated = market.getOrder(id).commitment.root;
        vm.prank(user);
        market.challenge(id, 512);
        bytes32 node = _fold(first, way, 9);
        way[9] = stated;
        vm.mockCallRevert(address(2), bytes.concat(stated, node), "");
        _expect(abi.encodeWithSelector(LeafTree.HashFailed.selector));
        market.answer(id, first, way);
    }

    function test_anEarlierFailedHashIsNoResultEither() public {
        uint256 id = _fullMegabyte();
        vm.prank(user);
        market.challenge(id, 1);
        // Level 0: the true node of level 1 as the left sibling of a wrong leaf; from there on the path is right.
        bytes32[] memory way = tree.pathOf(SEED, 2, 10, 0);
        bytes memory wrong = tree.leafOf(SEED + 9);
        bytes32 trueNode = _fold(tree.leafOf(SEED), way, 1);
        way[0] = trueNode;
        vm.mockCallRevert(address(2), bytes.concat(trueNode, sha256(wrong)), "");
        _expect(abi.encodeWithSelector(LeafTree.HashFailed.selector));
        market.answer(id, wrong, way);
    }

    /// @dev An order of 1 MiB, full by its commitment, of which the tree knows the first two leaves.
    function _fullMegabyte() private returns (uint256 id) {
        BillTerms memory b = _billTerms();
        (b.capacity, b.step, b.price) = (1, 1, 1024);
        vm.prank(miner);
        OrderTerms memory t = _orderTerms(market.createBill(b));
        t.capacity = 1;
        vm.prank(user);
        id = market.createOrder(t);
        _agree(id, tree.rootOf(SEED, 2, 10), 1 << 20);
    }

    /// @dev What the first `levels` siblings of leaf 0 make of a leaf.
    function _fold(bytes memory content, bytes32[] memory way, uint256 levels) private pure returns (bytes32 node) {
        node = sha256(content);
        for (uint256 i = 0; i < levels; ++i) {
            node = sha256(bytes.concat(node, way[i]));
        }
    }

    function test_depthFollowsTheCapacity() public {
        uint256[8] memory capacities = [uint256(1), 2, 3, 4, 5, 1024, 1025, type(uint32).max];
        uint256[8] memory depths = [uint256(10), 11, 12, 12, 13, 20, 21, 42];
        for (uint256 i = 0; i < capacities.length; ++i) {
            BillTerms memory b = _billTerms();
            (b.capacity, b.step, b.price) = (capacities[i], capacities[i], 1024);
            vm.prank(miner);
            OrderTerms memory t = _orderTerms(market.createBill(b));
            t.capacity = capacities[i];
            vm.prank(user);
            uint256 id = market.createOrder(t);
            _agree(id, tree.rootOf(SEED, 1, depths[i]), 1024);
            vm.prank(user);
            market.challenge(id, 0);
            bytes memory first = tree.leafOf(SEED);
            bytes32[] memory way = tree.pathOf(SEED, 1, depths[i] + 1, 0);
            _expect(abi.encodeWithSelector(LeafTree.PathLength.selector, depths[i], depths[i] + 1));
            market.answer(id, first, way);
            way = tree.pathOf(SEED, 1, depths[i], 0);
            market.answer(id, first, way);
        }
    }

    function testFuzz_anyPlaceInALargeTree(uint256 index, bytes32 salt) public {
        // Made-up siblings: the fold is the proof, no terabyte is needed.
        BillTerms memory b = _billTerms();
        (b.capacity, b.step, b.price) = (1 << 20, 1 << 20, 1024);
        vm.prank(miner);
        OrderTerms memory t = _orderTerms(market.createBill(b));
        t.capacity = 1 << 20;
        vm.prank(user);
        uint256 id = market.createOrder(t);
        index = _bound(index, 0, (1 << 30) - 1);
        bytes32[] memory way = new bytes32[](30);
        bytes memory content = tree.leafOf(uint256(salt));
        bytes32 node = sha256(content);
        for (uint256 i = 0; i < 30; ++i) {
            way[i] = keccak256(abi.encode(salt, i));
            node = (index >> i) % 2 == 0 ? sha256(bytes.concat(node, way[i])) : sha256(bytes.concat(way[i], node));
        }
        _agree(id, node, uint256(1) << 40);
        vm.prank(user);
        market.challenge(id, index);
        market.answer(id, content, way);
        vm.assertEq(market.credit(miner), BOND);
    }
}
