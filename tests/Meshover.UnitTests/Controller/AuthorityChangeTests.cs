using System.Security.Cryptography.X509Certificates;
using Meshover.Controller.Backups;
using Meshover.Controller.Configuration;
using Meshover.Controller.Identity;
using Meshover.Controller.State;
using Meshover.Mesh.Trust;

namespace Meshover.UnitTests.Controller;

public sealed class AuthorityChangeTests : IAsyncLifetime
{
    private readonly StoreFolder _folder = new();

    public async ValueTask InitializeAsync() => await _folder.InitAsync();

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Begun_BothAreTrusted_AndTheFormerSigns_UntilItIsFinished()
    {
        var former = await StateAsync();

        Assert.Contains("wait until", await RotateAsync(finish: false), StringComparison.Ordinal);
        var begun = await StateAsync();
        Assert.Equal(2, begun.Pins.Length);
        Assert.Equal(former.Pins[0], begun.Pins[0]);
        Assert.Equal(former.Pins[0], begun.Shown);

        Assert.Contains("in use", await RotateAsync(finish: true), StringComparison.Ordinal);
        var finished = await StateAsync();
        Assert.Equal([begun.Pins[1]], finished.Pins);
        Assert.Equal(begun.Pins[1], finished.Shown);
    }

    [Fact]
    public async Task OutOfTurn_IsRefused_AndChangesNothing()
    {
        await Assert.ThrowsAsync<ConfigException>(() => RotateAsync(finish: true));
        await RotateAsync(finish: false);
        var begun = await StateAsync();

        await Assert.ThrowsAsync<ConfigException>(() => RotateAsync(finish: false));

        Assert.Equal(begun.Pins, (await StateAsync()).Pins);
    }

    // Else the nodes would refuse the restored controller.
    [Fact]
    public async Task Restored_FromBeforeTheChange_TheNewAuthorityStays()
    {
        StoreBackup.Write(_folder.Paths.Store, _folder.Backup);
        await RotateAsync(finish: false);
        await RotateAsync(finish: true);
        var finished = await StateAsync();

        Assert.DoesNotContain("Not known", await _folder.RestoreAsync(), StringComparison.Ordinal);

        var restored = await StateAsync();
        Assert.Equal(finished.Pins, restored.Pins);
        Assert.Equal(finished.Shown, restored.Shown);
    }

    [Fact]
    public async Task Restored_WhereTheStoreIsLost_DecisionsOfTheSameMeshHold_AndTheReportNamesTheAuthority()
    {
        StoreBackup.Write(_folder.Paths.Store, _folder.Backup);
        await RotateAsync(finish: false);
        await RotateAsync(finish: true);
        await _folder.WhileServingAsync(directory => StoreFolder.EnrolAsync(directory, "n1"));
        _folder.Damage();

        var said = await _folder.RestoreAsync();

        Assert.Contains("whether the authority was replaced", said, StringComparison.Ordinal);
        Assert.DoesNotContain("is not this mesh's", said, StringComparison.Ordinal);
    }

    private Task<string> RotateAsync(bool finish) => AuthorityRotation.RunAsync(_folder.Paths, finish, StoreFolder.Time, CancellationToken.None);

    // The pins that nodes get, and that of the authority whose certificate they are shown.
    private async Task<(string[] Pins, string Shown)> StateAsync()
    {
        var state = await _folder.StateAsync();
        var (server, authority) = CertificateAuthority.IssueServerCertificate(state.Get<SecretRecord>(StoreKeys.Secret)!, StoreFolder.Time.GetUtcNow());
        using (authority)
        using (server)
        {
            using var carried = X509CertificateLoader.LoadCertificate(server.Extensions[CaPin.AuthorityExtension]!.RawData);
            return ([.. state.Mesh.CaPins], CaPin.Of(carried.PublicKey.ExportSubjectPublicKeyInfo()));
        }
    }
}
