using Meshover.Controller.Backups;
using Meshover.Controller.Identity;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class SigningKeysTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Rotated_JoinStringsThatAreOut_StayGood_UntilTheyEnd()
    {
        await _folder.InitAsync();
        var token = await SignedAsync();

        Assert.Contains("is kept until", await KeyRotation.RunAsync(_folder.Paths, keepFormer: true, StoreFolder.Time, CancellationToken.None), StringComparison.Ordinal);
        await ReadAsync(token);
        await ReadAsync(await SignedAsync());

        await RotateAsync(keepFormer: true, StoreFolder.Token.Expires + 1);
        var secret = (await _folder.StateAsync()).Get<SecretRecord>(StoreKeys.Secret)!;
        Assert.Empty(secret.FormerKeys);
        Assert.NotEqual("1", secret.SigningKeyId);
    }

    [Fact]
    public async Task Rotated_WithoutTheFormerKey_WhatItSignedIsVoid_AlsoAfterARestoreOfTheFormerKey()
    {
        await _folder.InitAsync();
        StoreBackup.Write(_folder.Paths.Store, _folder.Backup);
        var token = await SignedAsync();

        await RotateAsync(keepFormer: false, TestMesh.Now);
        await Assert.ThrowsAsync<RefusalException>(() => ReadAsync(token));
        await _folder.RestoreAsync();
        await Assert.ThrowsAsync<RefusalException>(() => ReadAsync(token));
    }

    private Task RotateAsync(bool keepFormer, long now) => _folder.WhileServingAsync(directory =>
        StoreFolder.ChangeAsync(directory, draft => SigningKeys.Rotate(draft, keepFormer, now)));

    private async Task<string> SignedAsync()
    {
        using var signer = await SignerAsync();
        return JoinTokens.Sign(signer, StoreFolder.Token);
    }

    private async Task ReadAsync(string token)
    {
        using var signer = await SignerAsync();
        Assert.Equal(StoreFolder.Token.Id, (await JoinTokens.ReadAsync(signer, token)).Id);
    }

    private async Task<TokenSigner> SignerAsync() => new((await _folder.StateAsync()).Get<SecretRecord>(StoreKeys.Secret)!);
}
