using Meshover.Controller.Identity;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class TokenTests : IDisposable
{
    private readonly TokenSigner _signer = new(CertificateAuthority.Create(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now)));

    public void Dispose() => _signer.Dispose();

    [Fact]
    public async Task JoinToken_ComesBackAsItWasSigned()
    {
        var claims = TestMesh.Token(uses: TokenRecord.Unlimited, replace: true) with { Tags = ["edge"], Grants = [new StoredGrant("fd64::/48", 64)] };
        var read = await JoinTokens.ReadAsync(_signer, JoinTokens.Sign(_signer, claims));
        Assert.Equal((claims.Id, claims.Created, claims.Expires, claims.Uses, claims.Replace), (read.Id, read.Created, read.Expires, read.Uses, read.Replace));
        Assert.Equal(claims.Tags, read.Tags);
        Assert.Equal(claims.Grants, read.Grants);
    }

    [Fact]
    public async Task JoinToken_OfAnotherMesh_Changed_OrACredential_IsRefused()
    {
        using var other = new TokenSigner(CertificateAuthority.Create(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now)));
        var token = JoinTokens.Sign(_signer, TestMesh.Token());
        await RefusedAsync(JoinTokens.Sign(other, TestMesh.Token()));
        await RefusedAsync(token[..^4] + "AAAA");
        await RefusedAsync("nonsense");
        await RefusedAsync(Credentials.Sign(_signer, Claims(), TestMesh.Now));
        // An unsigned token (RFC 7519, section 6).
        await RefusedAsync("eyJhbGciOiJub25lIn0." + token.Split('.')[1] + ".");
    }

    [Fact]
    public async Task Credential_IsReadByItsOwnKeyAlone_ExpiredOrNot()
    {
        var claims = Claims();
        var credential = Credentials.Sign(_signer, claims, TestMesh.Now);

        var read = (await Credentials.ReadAsync(_signer, credential, claims.Node.Identity))!;
        Assert.Equal(RecordJson.Write(claims.Node), RecordJson.Write(read.Node));
        Assert.Equal((claims.StoreId, claims.Revision, claims.Expires), (read.StoreId, read.Revision, read.Expires));
        Assert.Null(await Credentials.ReadAsync(_signer, credential, "another key"));
        Assert.Null(await Credentials.ReadAsync(_signer, "", claims.Node.Identity));
    }

    [Fact]
    public void ServerCertificate_IsForTheNodesNameAlone_AndGoodForAClockThatIsADayBehind()
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now);
        var (server, authority) = CertificateAuthority.IssueServerCertificate(CertificateAuthority.Create(now), now);
        using (server)
        using (authority)
        {
            Assert.True(server.MatchesHostname("node.meshover"));
            Assert.False(server.MatchesHostname("other.meshover"));
            Assert.True(server.NotBefore.ToUniversalTime() < now.UtcDateTime.AddDays(-1));
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(-30)]
    [InlineData(-4000)]
    [InlineData(7200)]
    [InlineData(7400)]
    public void ServerCertificate_ClockThatIsFarFromThatOfInit_IsMadeAllTheSame(int days)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now);
        var (server, authority) = CertificateAuthority.IssueServerCertificate(CertificateAuthority.Create(now), now.AddDays(days));
        using (server)
        using (authority)
        {
            Assert.True(server.NotBefore >= authority.NotBefore && server.NotAfter <= authority.NotAfter && server.NotBefore < server.NotAfter);
        }
    }

    private static CredentialClaims Claims() => new()
    {
        StoreId = "store-1",
        Revision = 42,
        Expires = TestMesh.Now - 1,
        Node = new TestMesh().Enrol("a") with { Tags = ["edge"], Grants = [new StoredGrant("10.64.0.0/16", 24)] },
    };

    private async Task RefusedAsync(string token) =>
        Assert.Equal(RefusalReason.NotAdmitted, (await Assert.ThrowsAsync<RefusalException>(async () => await JoinTokens.ReadAsync(_signer, token))).Reason);
}
