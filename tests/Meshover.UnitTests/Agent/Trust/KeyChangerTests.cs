using System.Collections.Immutable;
using Meshover.Agent;
using Meshover.Agent.ControllerLink;
using Meshover.Agent.Reconciling;
using Meshover.Agent.Trust;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;
using Meshover.UnitTests.Mesh;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.Agent.Trust;

/// <summary>Node 1 of three changes its key. Each agent that is "started" knows what is on the disk, and nothing else.</summary>
public sealed class KeyChangerTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-keys").FullName;
    private readonly SettableClock _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private IdentityKeeper _identities;
    private KeyChanger _changer;

    public KeyChangerTests()
    {
        new IdentityStore(_directory).Save(IdentityFactory.Create("n1", _time));
        (_identities, _changer) = Start();
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Change_FromBeginningToEnd_EachStepWaitsForWhatItNeeds()
    {
        var first = Declared[0];
        var answer = _changer.Ask(State());
        var second = WireGuardKeys.Newest(_identities.Current);
        Assert.Equal((second.ToString(), false), (answer.NewKey, answer.Joined));
        Assert.NotEqual(first, second);

        Assert.False(_changer.Advance(State()));
        Assert.Equal([first], Declared);

        Assert.True(_changer.Advance(Told(State())));
        Assert.Equal([second, first], Declared);
        Assert.Equal(first, _identities.Current.WireGuardPublicKey);

        Assert.False(_changer.Advance(State()));
        Assert.True(_changer.Advance(State(second, first)));
        Assert.Equal([second, first], Declared);
        Assert.Equal(second, _identities.Current.WireGuardPublicKey);

        Assert.False(_changer.Advance(Agreed(State(second, first), second, 2)));
        Assert.True(_changer.Advance(Agreed(State(second, first), second, 2, 3)));
        Assert.Equal([second], Declared);
        Assert.Null(_identities.Current.KeyChange);
    }

    [Theory]
    [InlineData(KeyChangeStage.Prepared)]
    [InlineData(KeyChangeStage.Declared)]
    [InlineData(KeyChangeStage.InUse)]
    public void Change_AgentKilledAfterAnyStep_GoesOnToTheEndWithTheSameKeys(KeyChangeStage killedAt)
    {
        var first = Declared[0];
        _changer.Ask(State());
        var second = WireGuardKeys.Newest(_identities.Current);
        var steps = new List<Action>
        {
            () => _changer.Advance(Told(State())),
            () => _changer.Advance(State(second, first)),
            () => _changer.Advance(Agreed(State(second, first), second, 2, 3)),
        };
        for (var stage = KeyChangeStage.Prepared; stage <= KeyChangeStage.InUse; stage++)
        {
            Assert.Equal(stage, _identities.Current.KeyChange!.Stage);
            if (stage == killedAt)
                (_identities, _changer) = Start();
            steps[(int)stage]();
        }
        (_identities, _changer) = Start();

        Assert.Null(_identities.Current.KeyChange);
        Assert.Equal([second], Declared);
    }

    [Fact]
    public void Started_WithTheNewKeyInUseAndAnOldMap_DoesNotGoBack()
    {
        var (first, second) = PutInUse();
        (_identities, _changer) = Start();

        Assert.False(_changer.Advance(State()));
        Assert.Equal([second, first], Declared);
    }

    [Fact]
    public void Started_WithTheNewKeyInUseAndNoMap_KeepsTheFormerKey()
    {
        var (first, second) = PutInUse();
        (_identities, _changer) = Start();

        Assert.False(_changer.Advance(new AgentState()));
        Assert.Equal([second, first], Declared);
    }

    [Fact]
    public void InUse_APeerThatIsAway_KeepsTheFormerKeyForADay()
    {
        var (first, second) = PutInUse();
        _time.Advance(TimeSpan.FromHours(23));
        Assert.False(_changer.Advance(Agreed(State(second, first), second, 2)));
        _time.Advance(TimeSpan.FromHours(2));

        Assert.True(_changer.Advance(Agreed(State(second, first), second, 2)));
        Assert.Equal([second], Declared);
    }

    [Fact]
    public void Ask_WhileOneIsUnderWay_JoinsIt()
    {
        var begun = _changer.Ask(State());
        var (_, second) = (Declared[0], WireGuardKeys.Newest(_identities.Current));

        Assert.Equal(begun with { Joined = true }, _changer.Ask(State()));
        Assert.Equal(second, WireGuardKeys.Newest(_identities.Current));
    }

    [Fact]
    public void Ask_WhileOneWaitsForAPeerThatIsReached_JoinsIt()
    {
        var (first, second) = PutInUse();
        Assert.True(_changer.Ask(Agreed(State(second, first), first, 2, 3)).Joined);
    }

    [Fact]
    public void Ask_WhileOneWaitsForPeersThatAreAway_BeginsAnotherAndGivesTheFormerKeyUp()
    {
        var (first, second) = PutInUse();
        Assert.False(_changer.Ask(Agreed(State(second, first), second, 2)).Joined);

        Assert.Equal([second], Declared);
        Assert.NotEqual(second, WireGuardKeys.Newest(_identities.Current));
    }

    [Fact]
    public void Ask_WithoutAController_IsRefusedWithTheReason()
    {
        var alone = State() with { Link = LinkState.Unreachable, ControllerError = "Connection refused" };

        var refusal = Assert.Throws<AgentException>(() => _changer.Ask(alone));

        Assert.Contains("Connection refused", refusal.Message, StringComparison.Ordinal);
        Assert.Null(_identities.Current.KeyChange);
    }

    [Fact]
    public void Ask_OfANodeThatWasRemoved_IsRefused()
    {
        var refusal = Assert.Throws<AgentException>(() => _changer.Ask(State() with { Told = TestMesh.Of(TestMesh.Node(2)) }));

        Assert.Contains("not a member", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ask_TheKeyCannotBeWritten_IsRefusedAndTheNodeKeepsWhatItHas()
    {
        var before = _identities.Current;
        Directory.Delete(_directory, recursive: true);
        File.WriteAllText(_directory, "in the way");
        try
        {
            Assert.Contains("written", Assert.Throws<AgentException>(() => _changer.Ask(State())).Message, StringComparison.Ordinal);
            Assert.Equal((before.WireGuardPrivateKey, null), (_identities.Current.WireGuardPrivateKey, _identities.Current.KeyChange));
        }
        finally
        {
            File.Delete(_directory);
            Directory.CreateDirectory(_directory);
        }
    }

    [Fact]
    public void Refused_BeforeTheNewKeyIsInUse_IsGivenUpWithTheReason()
    {
        var first = Declared[0];
        _changer.Ask(State());

        Assert.True(_changer.Advance(State() with { Link = LinkState.Refused, ControllerError = "the key is that of node 9" }));
        Assert.Equal([first], Declared);
        Assert.Contains("node 9", _changer.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Age_AsConfigured_BeginsAChangeAndNoOther()
    {
        _changer = Changer(TimeSpan.FromDays(30));
        Assert.False(_changer.Advance(State()));
        _time.Advance(TimeSpan.FromDays(29));
        Assert.False(_changer.Advance(State()));
        _time.Advance(TimeSpan.FromDays(5));
        Assert.False(_changer.Advance(State() with { Link = LinkState.Unreachable }));

        Assert.True(_changer.Advance(State()));
        Assert.Equal(KeyChangeStage.Prepared, _identities.Current.KeyChange?.Stage);
    }

    [Fact]
    public void Age_TheKeyCannotBeWritten_IsTriedAgainMinutesLater()
    {
        _changer = Changer(TimeSpan.FromHours(1));
        _time.Advance(TimeSpan.FromHours(2));
        Directory.Delete(_directory, recursive: true);
        File.WriteAllText(_directory, "in the way");
        _changer.Advance(State());
        File.Delete(_directory);
        Directory.CreateDirectory(_directory);

        Assert.False(_changer.Advance(State()));
        Assert.Null(_identities.Current.KeyChange);
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.True(_changer.Advance(State()));
        Assert.NotNull(_identities.Current.KeyChange);
    }

    private ImmutableArray<WireGuardPublicKey> Declared => WireGuardKeys.Declared(_identities.Current);

    private (WireGuardPublicKey First, WireGuardPublicKey Second) PutInUse()
    {
        var first = Declared[0];
        _changer.Ask(State());
        var second = WireGuardKeys.Newest(_identities.Current);
        _changer.Advance(Told(State()));
        _changer.Advance(State(second, first));
        Assert.Equal(KeyChangeStage.InUse, _identities.Current.KeyChange?.Stage);
        return (first, second);
    }

    private (IdentityKeeper, KeyChanger) Start()
    {
        var store = new IdentityStore(_directory);
        _identities = new IdentityKeeper(store, store.Load()!, NullLogger.Instance);
        return (_identities, Changer(maxAge: null));
    }

    private KeyChanger Changer(TimeSpan? maxAge) => new(_identities, maxAge, NullLogger.Instance, _time);

    /// <summary>Connected, with a map in which this node has these keys.</summary>
    private static AgentState State(params WireGuardPublicKey[] own)
    {
        var self = TestMesh.Node(1);
        var map = TestMesh.Of(own.Length > 0 ? self with { WireGuardKeys = [.. own] } : self, TestMesh.Node(2), TestMesh.Node(3));
        var plan = NodePlanner.Plan(map, self.Id, new NodeSettings(), new NodeCapabilities(), new NodeHealth());
        return new AgentState { Link = LinkState.Connected, Plan = plan }.WithMap(map, retained: null);
    }

    /// <summary>The data plane has applied the keys of now.</summary>
    private AgentState Told(AgentState state) => Told(state, _identities.Current.KeyChange);

    internal static AgentState Told(AgentState state, KeyChange? keys)
    {
        var wanted = state.Wanted.With(state.Plan, keys);
        return state with { Wanted = wanted, Applied = state.Applied.With("dataplane", new ReconcileReport { State = ComponentState.Ok }, wanted.KeysSince) };
    }

    /// <summary>Only these peers are reached, and have a session under the key.</summary>
    private static AgentState Agreed(AgentState state, WireGuardPublicKey key, params uint[] peers) => state with
    {
        Dataplane = new DataplaneStatus
        {
            Version = "test",
            Peers = [.. peers.Select(id => new PeerStatus
            {
                PublicKey = new WireGuardKey(TestMesh.Node(id).WireGuardKeys[0].Bytes),
                LastHandshakeAgeMs = 0,
                LastReceiveAgeMs = 0,
                RxBytes = 0,
                TxBytes = 0,
                AgreedAs = new WireGuardKey(key.Bytes),
            })],
        },
    };
}
