using Meshover.Controller.Backups;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Identity;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Stores.Sqlite;
using Meshover.WireGuard.Keys;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Controller;

/// <summary>A controller's directory with a mesh in a real store; what a controller does that serves it, without the network.</summary>
internal sealed class StoreFolder : IDisposable
{
    private readonly SecretRecord _secret = CertificateAuthority.Create(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now));

    public StoreFolder()
    {
        var root = Directory.CreateTempSubdirectory("meshover-restore-").FullName;
        Paths = new ControllerPaths { State = root, Config = Path.Combine(root, "controller.yaml"), Run = Path.Combine(root, "run") };
    }

    public ControllerPaths Paths { get; }

    public string Backup => Path.Combine(Paths.State, "backup");

    public static FakeTimeProvider Time { get; } = new(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now));

    public static JoinTokenClaims Token { get; } = TestMesh.Token(uses: 1000);

    public void Dispose() => Directory.Delete(Paths.State, recursive: true);

    public Task InitAsync() => WhileServingAsync(async directory =>
    {
        await ChangeAsync(directory, draft =>
        {
            draft.Put(StoreKeys.Mesh, new TestMesh().State.Mesh with { CaPins = [CertificateAuthority.PinOf(_secret)] });
            draft.Put(StoreKeys.Secret, _secret);
        });
        await ChangeAsync(directory, draft => TokenRules.Create(draft, Token));
    });

    public async Task WhileServingAsync(Func<MeshDirectory, Task> work)
    {
        await using var store = SqliteStore.Open(Paths.Store);
        using var journal = new RefusalJournal(Paths.Journal, NullLogger<RefusalJournal>.Instance);
        await using var directory = await MeshDirectory.OpenAsync(store, NullLogger<MeshDirectory>.Instance, CancellationToken.None, journal);
        await work(directory);
    }

    /// <summary>What the store holds.</summary>
    public async Task<MeshState> StateAsync()
    {
        await using var store = SqliteStore.Open(Paths.Store);
        return await MeshState.LoadAsync(store, CancellationToken.None);
    }

    public async Task<string> RestoreAsync(TimeSpan? adopt = null) =>
        string.Join('\n', await StoreRestore.RunAsync(Paths, Backup, replace: true, adopt, Time, CancellationToken.None));

    /// <summary>Overwrites a page in the middle of the store.</summary>
    public void Damage()
    {
        using var file = File.OpenWrite(Paths.Store);
        file.Position = 4096;
        file.Write([.. Enumerable.Range(0, 4096).Select(i => (byte)(i * 37))]);
    }

    public static Task ChangeAsync(MeshDirectory directory, Action<Draft> change) => directory.ChangeAsync(change, CancellationToken.None);

    public static async Task<StoredNode> EnrolAsync(MeshDirectory directory, string name, JoinTokenClaims? token = null)
    {
        var request = new EnrolmentRequest { Identity = name, HostName = name, WireGuardKey = TestMesh.KeyOf(name), Token = token ?? Token };
        return (await directory.ChangeAsync(draft => Enrolment.Enrol(draft, request, TestMesh.Now, TestMesh.Skew), CancellationToken.None)).Value;
    }

    /// <summary>The credential that a member would have now.</summary>
    public static CredentialClaims CredentialOf(MeshDirectory directory, StoredNode node) => new()
    {
        StoreId = directory.State.Mesh.StoreId,
        Revision = directory.State.Revision,
        Expires = TestMesh.Now,
        Node = directory.State.Member(node.Id)!.Record,
    };

    public static Task AdoptAsync(MeshDirectory directory, CredentialClaims credential) =>
        ChangeAsync(directory, draft => Adoption.Adopt(draft, credential, TestMesh.Now));
}
