using Meshover.Agent;
using Meshover.Agent.Trust;
using Meshover.Mesh.Planning;
using Meshover.UnitTests.Mesh;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.UnitTests.Agent.Trust;

/// <summary>A data plane that does not tell under which key a handshake was, such as the kernel's; the new key is in use for 400 ms.</summary>
public sealed class KeyChangeProgressTests
{
    private static readonly DateTimeOffset InUse = new(2026, 1, 1, 0, 0, 0, 700, TimeSpan.Zero);
    private static readonly KeyChange Change =
        new(WireGuardKeys.NewPrivateKey(), KeyChangeStage.InUse, Begun: 5, UsedSinceMs: InUse.ToUnixTimeMilliseconds());

    [Theory]
    [InlineData(0, 1)]
    [InlineData(400, 1)]
    [InlineData(401, 0)]
    [InlineData(-1, 0)]
    public void Agreed_AHandshakeSinceTheKeyIsInUse_Counts(long ageMs, int agreed) => Assert.Equal(agreed, Of(ageMs, Change).Agreed);

    [Fact]
    public void Agreed_TheDataplaneIsNotYetToldOfTheStep_CountsNobody() =>
        Assert.Equal(0, Of(0, Change with { Stage = KeyChangeStage.Declared, UsedSinceMs = 0 }).Agreed);

    private static KeyChangeProgress Of(long handshakeAgeMs, KeyChange told)
    {
        var map = TestMesh.Full(2);
        var peer = new PeerStatus
        {
            PublicKey = new WireGuardKey(TestMesh.Node(2).WireGuardKeys[0].Bytes),
            LastHandshakeAgeMs = handshakeAgeMs,
            LastReceiveAgeMs = 0,
            RxBytes = 0,
            TxBytes = 0,
        };
        var state = new AgentState
        {
            Plan = NodePlanner.Plan(map, TestMesh.Node(1).Id, new NodeSettings(), new NodeCapabilities(), new NodeHealth()),
            Dataplane = new DataplaneStatus { Version = "kernel", Peers = [peer] },
            DataplaneSeenAt = InUse.AddMilliseconds(400),
        };
        return KeyChangeProgress.Of(KeyChangerTests.Told(state, told), IdentityFactory.Create("n1", TimeProvider.System) with { KeyChange = Change });
    }
}
