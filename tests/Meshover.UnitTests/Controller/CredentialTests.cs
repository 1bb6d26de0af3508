using Meshover.Agent.Trust;
using Meshover.Controller.Api;
using Meshover.Controller.Backups;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Identity;
using Meshover.Controller.State;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Controller;

/// <summary>The controller's credentials, taken by the agent's own rule.</summary>
public sealed class CredentialTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now));
    private readonly TokenSigner _signer = new(CertificateAuthority.Create(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now)));

    public void Dispose() => _signer.Dispose();

    [Fact]
    public async Task Renewal_AfterAWeekOldBackupWasRestored_IsTakenByTheAgentAtOnce()
    {
        var mesh = new TestMesh();
        var node = mesh.Enrol("a");
        var agent = IdentityFactory.Create("a", _time);
        await using (var live = await OpenAsync(mesh))
        {
            for (var i = 0; i < 336; i++)
                agent = Renew(live, node.Id, agent);
        }
        mesh.Change(draft => StoreRestore.Renew(draft, MeshState.Empty, adoptUntil: 0));
        await using var restored = await OpenAsync(mesh);

        var after = Renew(restored, node.Id, agent);

        Assert.NotEqual(agent.Credential, after.Credential);
        var claims = await Credentials.ReadAsync(_signer, after.Credential!, node.Identity);
        Assert.Equal((mesh.State.Mesh.StoreId, restored.State.Revision), (claims!.StoreId, claims.Revision));
    }

    [Fact]
    public async Task Renewal_WritesNothing()
    {
        var mesh = new TestMesh();
        var node = mesh.Enrol("a");
        await using var live = await OpenAsync(mesh);
        var revision = live.State.Revision;

        Renew(live, node.Id, IdentityFactory.Create("a", _time));

        Assert.Equal(revision, live.State.Revision);
    }

    // Agents of the former release compare the number; it must not begin anew with a restored store.
    private NodeIdentity Renew(MeshDirectory directory, uint node, NodeIdentity agent)
    {
        var before = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromMinutes(30));
        var credential = new CredentialIssuer(directory, _signer, ConfigReader.Read(new ControllerConfig()), _time).Renew(node);
        Assert.True(credential.Issue > (ulong)before.ToUnixTimeMilliseconds());
        return agent.WithCredential(credential.Jwt, credential.ExpiresUnix);
    }

    private static async Task<MeshDirectory> OpenAsync(TestMesh mesh)
    {
        var store = new FakeStore();
        foreach (var (key, record) in mesh.State.Records)
            store.Write(key, RecordJson.Write(record));
        return await MeshDirectory.OpenAsync(store, NullLogger<MeshDirectory>.Instance, CancellationToken.None);
    }
}
