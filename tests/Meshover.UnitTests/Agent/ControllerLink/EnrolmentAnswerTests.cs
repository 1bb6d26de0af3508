using Meshover.Agent.ControllerLink;
using Meshover.Agent.Trust;
using Meshover.Contract.V1;
using Meshover.Mesh.Trust;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Agent.ControllerLink;

public sealed class EnrolmentAnswerTests
{
    private static readonly JoinString Join = new() { Controllers = ["192.0.2.254:12913"], CaPins = ["pin"], Token = "token" };

    [Fact]
    public void Accept_WholeAnswer_IsTheMembersIdentity()
    {
        var identity = Accept(_ => { })!;
        Assert.True(identity.IsEnrolled);
        Assert.Equal(("n1", "jwt", 7u), (identity.HostName, identity.Credential, identity.Numbers!.Id.Value));
        Assert.Equal(["ctl.mesh.test:12913", "192.0.2.254:12913"], identity.Controllers);
    }

    public static TheoryData<Action<EnrollResponse>> Malformed => new(
        answer => answer.Node = null,
        answer => answer.Credential = null,
        answer => answer.Credential.Jwt = "",
        answer => answer.Settings = null,
        answer => answer.Node.Id = 0,
        answer => answer.Node.Address4 = "10.249.x",
        answer => answer.Node.TunnelAddress = "");

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Accept_WhatIsMissingOrMalformed_IsSaidToBe(Action<EnrollResponse> spoil) => Assert.ThrowsAny<FormatException>(() => Accept(spoil));

    private static NodeIdentity Accept(Action<EnrollResponse> spoil)
    {
        var answer = new EnrollResponse
        {
            Node = new NodeInfo { Id = 7, Hostname = "n1", Address4 = "10.249.0.1", Address6 = "fd00::1", TunnelAddress = "198.18.0.1", Asn = 4_200_000_001 },
            Credential = new Credential { Jwt = "jwt", ExpiresUnix = 1, Issue = 1 },
            Settings = new MeshSettings { Controllers = { "ctl.mesh.test:12913" }, CaPins = { "pin" } },
        };
        spoil(answer);
        return EnrolmentAnswer.Accept(answer, IdentityFactory.Create("n1", new FakeTimeProvider()), Join);
    }
}
