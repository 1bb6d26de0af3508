using Meshover.Controller.Configuration;
using Meshover.Controller.Initialisation;

namespace Meshover.UnitTests.Controller;

public sealed class PrivateDirectoryTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly string _parent = Directory.CreateTempSubdirectory("meshover-private").FullName;

    public void Dispose() => Directory.Delete(_parent, recursive: true);

    [Fact]
    public void Create_MissingDirectory_IsMadeForItsOwnerAlone()
    {
        var path = Path.Combine(_parent, "state");
        Assert.True(PrivateDirectory.Create(path));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(path));
        // At the next start, or made by systemd with RuntimeDirectoryMode=0700.
        Assert.False(PrivateDirectory.Create(path));
    }

    [Theory]
    [InlineData(UnixFileMode.OtherExecute)]
    [InlineData(UnixFileMode.GroupRead)]
    public void Create_DirectoryOpenToOthers_IsRefusedWithWhatToDoAndLeftAsItIs(UnixFileMode others)
    {
        File.SetUnixFileMode(_parent, OwnerOnly | others);
        var error = Assert.Throws<ConfigException>(() => PrivateDirectory.Create(_parent));
        Assert.Contains($"chmod 0700 {_parent}", error.Message, StringComparison.Ordinal);
        Assert.Equal(OwnerOnly | others, File.GetUnixFileMode(_parent));
    }
}
